"""Which kernels the tests compiled and ran on an emulated core, and which no test did.

`tests.ops.harness` notes each; processes of pytest-xdist send theirs. A run of all of `tests/ops`
that leaves one out has failed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tinygen.ir import Kernel, KernelCall, Lowered
from tinygen.resources import firmware_dir

_SENT = "kernels"
_reached: set[str] = set()


def note(calls: Lowered) -> None:
    """These ran on an emulated core and were compared."""
    _reached.update(_header(call.kernel) for call in calls if isinstance(call, KernelCall))


def _header(kernel: Kernel) -> str:
    return f"{kernel.set}/tg_{kernel.name}.h"


def headers() -> set[str]:
    """Of every kernel that there is."""
    folder = firmware_dir() / "kernels"
    there = (path.relative_to(folder).as_posix() for path in folder.glob("*/tg_*.h"))
    return {name for name in there if "_params {" in (folder / name).read_text("utf-8")}


def send(config: pytest.Config) -> None:
    """From a process that runs a part of the tests."""
    config.workeroutput[_SENT] = sorted(_reached)  # type: ignore[attr-defined]


def receive(sent: Iterable[str]) -> None:
    """What one has sent."""
    _reached.update(sent)


def complaints(config: pytest.Config, skipped: Iterable[str]) -> list[str]:
    """What is left out, where all of the kernels' tests were asked for. A set of which nothing ran
    is let off where some were `skipped` for want of a compiler or an emulator."""
    asked = {Path(argument.split("::")[0]).resolve() for argument in config.args}
    here = Path(__file__).parent
    if not asked & {here, here.parent, here / "ops"} or config.option.keyword:
        return []
    sets = {name.split("/")[0] for name in _reached}
    wanting = any("is not installed" in reason for reason in skipped)
    return [
        f"no test ran {name} on an emulated core"
        for name in sorted(headers() - _reached)
        if name.split("/")[0] in sets or not wanting
    ]
