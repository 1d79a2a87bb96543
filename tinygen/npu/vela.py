"""Vela in a process of its own: a .tflite file in, a rewritten one and its estimates out."""

from __future__ import annotations

import csv
import importlib.util
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tinygen import processes
from tinygen.errors import ToolchainError
from tinygen.npus import require_npu
from tinygen.printable import printable
from tinygen.tflite import File, parse

_PACKAGE, _MODULE = "ethos-u-vela", "ethosu.vela"
_SECONDS = 600.0
_KIB = 1024
STREAM = "CUSTOM 'ethos-u'"
"""The operator of a stream of commands for the NPU."""


@dataclass(frozen=True)
class VelaEstimate:
    """What Vela expects of one inference on the NPU, for memories as `system` names them.

    Estimates all: neither a device nor a simulator was run. Bytes.
    """

    npu: str
    vela: str
    """Its version."""
    system: str
    """The memories that are assumed, by Vela's names for them, and how they are used."""
    clock_hz: int
    cycles: int
    sram_bytes: int
    dram_bytes: int
    flash_bytes: int


@dataclass(frozen=True, eq=False)
class Compiled:
    """The rewritten file: operators `ethos-u`, and those that are left to the processor."""

    content: bytes
    file: File
    estimate: VelaEstimate

    @property
    def streams(self) -> int:
        """How many runs of operators became one command stream each."""
        return sum(call.kind == STREAM for call in self.file.calls)

    @property
    def on_processor(self) -> tuple[tuple[str, str], ...]:
        """The operators that are left, and the names of their first outputs."""
        calls = (call for call in self.file.calls if call.kind != STREAM)
        return tuple((call.kind, self.file.tensors[call.outputs[0]].name) for call in calls)


def compiled(
    content: bytes, npu: str, system_config: str | None = None, memory_mode: str | None = None
) -> Compiled:
    """What Vela makes of the int8 .tflite file `content` for this NPU, with memories by their names
    in Arm/vela.ini, or Vela's own for it.

    InputError for an NPU that there is not, ToolchainError where Vela is not installed or fails.
    """
    require_npu(npu)
    _require_vela()
    with tempfile.TemporaryDirectory(prefix="tinygen-vela-") as name:
        folder = Path(name)
        (folder / "model.tflite").write_bytes(content)
        arguments = ["--accelerator-config", npu, "--output-dir", name]
        if system_config is not None and memory_mode is not None:
            arguments += ["--config", "Arm/vela.ini", "--system-config", system_config]
            arguments += ["--memory-mode", memory_mode]
        try:
            done = processes.run_python(
                _MODULE, *arguments, f"{name}/model.tflite", input=b"", timeout=_SECONDS
            )
        except processes.TimeoutExpired as error:
            raise _failed(npu, f"no answer in {_SECONDS:.0f} seconds") from error
        rewritten = folder / "model_vela.tflite"
        summaries = sorted(folder.glob("model_summary_*.csv"))
        if done.returncode != 0 or not rewritten.is_file() or not summaries:
            said = (done.stderr + done.stdout).decode("utf-8", "replace").strip()
            raise _failed(npu, printable("\n".join(said.splitlines()[-5:])))
        made = rewritten.read_bytes()
        (row,) = csv.DictReader(summaries[0].read_text("utf-8").splitlines())
        return Compiled(made, parse(made, "what Vela wrote"), _estimate(npu, row))


def _estimate(npu: str, row: Mapping[str, str]) -> VelaEstimate:
    """Of the summary that Vela writes: memories there are KiB."""
    flash = float(row["on_chip_flash_memory_used"]) + float(row["off_chip_flash_memory_used"])
    return VelaEstimate(
        npu=npu,
        vela=metadata.version(_PACKAGE),
        system=f"{row['system_config']}, {row['memory_mode']}",
        clock_hz=round(float(row["core_clock"])),
        cycles=round(float(row["cycles_total"])),
        sram_bytes=round(float(row["sram_memory_used"]) * _KIB),
        dram_bytes=round(float(row["dram_memory_used"]) * _KIB),
        flash_bytes=round(flash * _KIB),
    )


def _require_vela() -> None:
    if importlib.util.find_spec("ethosu") is None:
        raise ToolchainError(
            "Vela, Arm's compiler for the Ethos-U, is not installed",
            why=f"it is the package {_PACKAGE}, which comes with an extra of tinygen's",
            next_step="pip install 'tinygen[npu]'",
        )


def _failed(npu: str, why: str) -> ToolchainError:
    return ToolchainError(
        f"Vela did not compile the model for {npu}",
        why=why,
        next_step="another --npu, or none",
    )
