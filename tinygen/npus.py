"""The Ethos-Us there are, as Vela calls them: the series, and multiply-accumulates a cycle."""

from __future__ import annotations

from tinygen.errors import InputError

NPUS = (
    *(f"ethos-u55-{macs}" for macs in (32, 64, 128, 256)),
    *(f"ethos-u65-{macs}" for macs in (256, 512)),
    *(f"ethos-u85-{macs}" for macs in (128, 256, 512, 1024, 2048)),
)


def require_npu(name: str) -> None:
    """InputError for what is none."""
    if name not in NPUS:
        raise InputError(
            f"there is no NPU {name[:40]!r}", why=f"there are {', '.join(NPUS)}", next_step="--npu"
        )


def parts(name: str) -> tuple[str, int]:
    """The series, as `u55`, and multiply-accumulates a cycle."""
    _, series, macs = name.split("-")
    return series, int(macs)
