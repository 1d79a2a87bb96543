"""A model whose operators an Ethos-U computes, as far as Arm's compiler Vela can give them to it.

The interpreter runs the file that Vela wrote: operators `ethos-u`, each a stream of commands that
upstream's own kernel hands to Arm's driver, and what is left to the processor. Vela's own memory
plan is in the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from tinygen import npus
from tinygen.boards import Board, Npu
from tinygen.engines.tflm.edges import with_int8
from tinygen.engines.tflm.library import LIBRARY, UNITS, Library, unit
from tinygen.engines.tflm.upstream import KERNELS, Operator, Upstream
from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import Graph, Int8Model
from tinygen.npu import vela
from tinygen.npu.vela import STREAM, Compiled, VelaEstimate
from tinygen.resources import firmware_dir
from tinygen.tflite import File

ETHOS_U = Operator("ETHOS_U", "AddEthosU", "Register_ETHOSU", None)
"""How a stream of commands gets into the resolver."""

KERNEL = f"{KERNELS}/ethos_u/ethosu.cc"
"""Upstream's kernel of it."""

NOT_PROVEN = (
    "no device and no simulator ran the NPU's part, and no output of it is proven until `tinygen "
    "verify` finds a board with this NPU to compute what the host does"
)

_DRIVER = "third_party/ethos_u"
_GLUE = ("tg_npu.c", "tg_npu.h", "cmsis_compiler.h")
_DEVICES = {"u55": "u55_u65", "u65": "u55_u65", "u85": "u85"}
"""A series -> the driver's file for it."""


def require(board: Board, name: str) -> Npu:
    """What the board has for this NPU; InputError where it has none, or others."""
    npus.require_npu(name)
    if board.npu is None:
        raise InputError(
            f"{board.id} has no NPU",
            why=f"its board file has no [npu]; {name} is of Arm's, beside a core on the same chip",
            next_step="leave --npu out, or give a board file with [npu]: docs/how-to/npu.md",
        )
    if name not in board.npu.models:
        raise InputError(
            f"the NPU of {board.id} is no {name}",
            why=f"it may be {', '.join(board.npu.models)}",
            next_step=f"--npu {board.npu.models[0]}",
        )
    return board.npu


def rewritten(model: Int8Model, board: Board, name: str) -> tuple[Graph, Compiled]:
    """The graph that the interpreter would get, and what Vela makes of its file.

    InputError for a board without this NPU, UnsupportedModel where the rewritten file is no model
    with the same edges, ToolchainError where Vela is not here or fails.
    """
    there = require(board, name)
    content, graph = with_int8(model)
    if graph.states:
        raise UnsupportedModel(
            f"'{model.name}' remembers what it was given, and cannot be compiled for an NPU",
            why="Vela knows no variables",
            next_step="leave --npu out",
        )
    made = vela.compiled(content, name, there.system_config, there.memory_mode)
    if not made.streams:
        raise UnsupportedModel(
            f"the {name} can compute nothing of '{model.name}'",
            why=f"Vela leaves {', '.join(sorted({kind for kind, _ in made.on_processor}))} to the "
            "processor",
            next_step="leave --npu out; tinygen inspect --npu shows what lies where",
        )
    _require_edges(model.name, graph, made.file)
    return graph, made


def _require_edges(name: str, graph: Graph, file: File) -> None:
    """The host writes the inputs and reads the outputs of the file as it was."""
    for mine, theirs in ((graph.inputs, file.inputs), (graph.outputs, file.outputs)):
        before = [(graph.tensors[i].shape, graph.tensors[i].dtype.name) for i in mine]
        after = [(file.tensors[i].shape, file.tensors[i].type) for i in theirs]
        if before != after:
            raise UnsupportedModel(
                f"what Vela made of '{name}' has other inputs or outputs",
                why=f"{before} became {after}",
                next_step="leave --npu out",
            )


def kinds(file: File) -> tuple[str, ...]:
    """The operators that are left to the processor, each once, sorted."""
    return tuple(sorted({call.kind for call in file.calls} - {STREAM}))


def with_driver(library: Library, upstream: Upstream, board: Board, name: str) -> Library:
    """The library, which has upstream's kernel, with Arm's driver and what drives that."""
    there = require(board, name)
    series, macs = npus.parts(name)
    sources = [f"{_DRIVER}/src/{file}" for file in ("ethosu_driver.c", _device(series))]
    registers = f"{_DRIVER}/src/ethos{series}_interface.h"  # a macro of the driver's names it
    headers = upstream.headers([*sources, registers])
    folder = firmware_dir() / "tflm"
    files = {
        **library.files,
        **{f"{LIBRARY}/{path}": upstream.read(path) for path in headers},
        **{f"{UNITS}/kernels/{PurePosixPath(path).name}": unit([path]) for path in sources},
        f"{UNITS}/tg_npu_here.h": _numbers(there, macs).encode(),
        **{f"{UNITS}/{file}": (folder / file).read_bytes() for file in _GLUE},
    }
    flags = [
        f"-I{LIBRARY}/{_DRIVER}/include",
        f"-I{LIBRARY}/{_DRIVER}/src",
        f"-DETHOSU_ARCH={series}",
        f"-DETHOS{series.upper()}",
        "-DETHOSU_LOG_ENABLE=0",
    ]
    if "-DTG_SAY_WHY" not in library.build_flags:
        flags.append("-DTG_SAY_WHY")  # what answers, to whoever asks
    return replace(
        library, files=dict(sorted(files.items())), build_flags=(*library.build_flags, *flags)
    )


def _numbers(there: Npu, macs: int) -> str:
    """Not flags: objects of upstream's are the same for all boards."""
    return (
        f"#define TG_NPU_BASE {there.base:#x}U\n"
        f"#define TG_NPU_SECURE {int(there.secure)}U /* driven from the secure world */\n"
        f"#define TG_NPU_MACS {macs}U /* multiply-accumulates a cycle, of the model's NPU */\n"
    )


def _device(series: str) -> str:
    return f"ethosu_device_{_DEVICES[series]}.c"


def notes(estimate: VelaEstimate, left: Iterable[str]) -> tuple[str, ...]:
    """What a person should know of it."""
    clock = estimate.clock_hz // 1_000_000
    there = sorted(left)
    return (
        f"{estimate.npu}: {estimate.cycles:,} cycles and {estimate.sram_bytes:,} bytes of SRAM, "
        f"ESTIMATES of Vela {estimate.vela} for {estimate.system}, {clock} MHz",
        f"NOT PROVEN: {NOT_PROVEN}",
        f"on the processor: {', '.join(there) or 'nothing'}",
    )
