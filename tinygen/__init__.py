"""tinygen: from a trained Keras model to microcontroller firmware, proven on the device.

    import tinygen
    built = tinygen.build("model.h5", board="qemu-cortex-m4", data="samples.npz")
    tinygen.flash()
    result = tinygen.verify()
    assert result.verdict is tinygen.Verdict.MATCH

Every function is the command of the same name and returns a frozen result. The names below are
imported when they are first used, so that `import tinygen` and the command line start at once.
"""

# `python -m tinygen` runs this while the current folder is where modules are looked for first: what
# Python has not loaded by then is imported where it is needed.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tinygen.api.bench import BenchResult, bench
    from tinygen.api.build import BuildResult, GenerateResult, build, generate
    from tinygen.api.cache import CacheResult, cache
    from tinygen.api.catalogue import (
        BoardsResult,
        OperatorsResult,
        board,
        list_boards,
        list_operators,
    )
    from tinygen.api.compare import CompareResult, compare
    from tinygen.api.compress import compress
    from tinygen.api.compress_result import CompressResult
    from tinygen.api.doctor import DoctorResult, doctor
    from tinygen.api.export import ExportResult, export
    from tinygen.api.flash import FlashResult, StopResult, flash, stop
    from tinygen.api.gates import GateOutcome, gates
    from tinygen.api.inspect import InspectResult, inspect
    from tinygen.api.layers import LayersResult, verify_layers
    from tinygen.api.monitor import monitor
    from tinygen.api.power import PowerResult, measure_power
    from tinygen.api.profile import ProfileResult, profile
    from tinygen.api.run import Runner, RunResult, run, watch
    from tinygen.api.setup import SetupResult, setup
    from tinygen.api.stream import StreamResult, stream
    from tinygen.api.verify import VerifyResult, verify
    from tinygen.boards import Board
    from tinygen.errors import (
        DeviceError,
        DoesNotFit,
        InputError,
        Mismatch,
        TinygenError,
        ToolchainError,
        UnsupportedModel,
        UntrustedModel,
        UntrustedProject,
    )
    from tinygen.progress import Progress
    from tinygen.proof.layer_fidelity import FidelityResult
    from tinygen.proof.verdict import Verdict
    from tinygen.report.page import PageResult, write_page

_HOME = {
    "BenchResult": "tinygen.api.bench",
    "bench": "tinygen.api.bench",
    "BuildResult": "tinygen.api.build",
    "GenerateResult": "tinygen.api.build",
    "build": "tinygen.api.build",
    "generate": "tinygen.api.build",
    "CacheResult": "tinygen.api.cache",
    "cache": "tinygen.api.cache",
    "BoardsResult": "tinygen.api.catalogue",
    "OperatorsResult": "tinygen.api.catalogue",
    "board": "tinygen.api.catalogue",
    "list_boards": "tinygen.api.catalogue",
    "list_operators": "tinygen.api.catalogue",
    "RunResult": "tinygen.api.run",
    "Runner": "tinygen.api.run",
    "run": "tinygen.api.run",
    "watch": "tinygen.api.run",
    "Board": "tinygen.boards",
    "Progress": "tinygen.progress",
    "CompareResult": "tinygen.api.compare",
    "compare": "tinygen.api.compare",
    "CompressResult": "tinygen.api.compress_result",
    "compress": "tinygen.api.compress",
    "DoctorResult": "tinygen.api.doctor",
    "ExportResult": "tinygen.api.export",
    "export": "tinygen.api.export",
    "doctor": "tinygen.api.doctor",
    "FidelityResult": "tinygen.proof.layer_fidelity",
    "FlashResult": "tinygen.api.flash",
    "StopResult": "tinygen.api.flash",
    "flash": "tinygen.api.flash",
    "stop": "tinygen.api.flash",
    "GateOutcome": "tinygen.api.gates",
    "gates": "tinygen.api.gates",
    "InspectResult": "tinygen.api.inspect",
    "inspect": "tinygen.api.inspect",
    "LayersResult": "tinygen.api.layers",
    "verify_layers": "tinygen.api.layers",
    "PageResult": "tinygen.report.page",
    "write_page": "tinygen.report.page",
    "PowerResult": "tinygen.api.power",
    "measure_power": "tinygen.api.power",
    "ProfileResult": "tinygen.api.profile",
    "profile": "tinygen.api.profile",
    "StreamResult": "tinygen.api.stream",
    "stream": "tinygen.api.stream",
    "VerifyResult": "tinygen.api.verify",
    "monitor": "tinygen.api.monitor",
    "SetupResult": "tinygen.api.setup",
    "setup": "tinygen.api.setup",
    "verify": "tinygen.api.verify",
    "Verdict": "tinygen.proof.verdict",
    **dict.fromkeys(
        (
            "DeviceError",
            "DoesNotFit",
            "InputError",
            "Mismatch",
            "TinygenError",
            "ToolchainError",
            "UnsupportedModel",
            "UntrustedModel",
            "UntrustedProject",
        ),
        "tinygen.errors",
    ),
}

__all__ = [
    "BenchResult",
    "Board",
    "BoardsResult",
    "BuildResult",
    "CacheResult",
    "CompareResult",
    "CompressResult",
    "DeviceError",
    "DoctorResult",
    "DoesNotFit",
    "ExportResult",
    "FidelityResult",
    "FlashResult",
    "GateOutcome",
    "GenerateResult",
    "InputError",
    "InspectResult",
    "LayersResult",
    "Mismatch",
    "OperatorsResult",
    "PageResult",
    "PowerResult",
    "ProfileResult",
    "Progress",
    "RunResult",
    "Runner",
    "SetupResult",
    "StopResult",
    "StreamResult",
    "TinygenError",
    "ToolchainError",
    "UnsupportedModel",
    "UntrustedModel",
    "UntrustedProject",
    "Verdict",
    "VerifyResult",
    "bench",
    "board",
    "build",
    "cache",
    "compare",
    "compress",
    "doctor",
    "export",
    "flash",
    "gates",
    "generate",
    "inspect",
    "list_boards",
    "list_operators",
    "measure_power",
    "monitor",
    "profile",
    "run",
    "setup",
    "stop",
    "stream",
    "verify",
    "verify_layers",
    "watch",
    "write_page",
]


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


def __getattr__(name: str) -> "Any":
    if name in _HOME:
        import importlib

        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'tinygen' has no attribute '{name}'")
