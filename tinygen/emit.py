"""A compiled program -> the text of its C files. The only importer of Jinja; no I/O but templates.

Output is a pure function of its arguments: no date, no path, no host name.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from tinygen import csource, firmware
from tinygen.boards import ArenaPlace, Board, TflmFrom
from tinygen.engines.aot import Layer, Program
from tinygen.ir import Array, Tensor, TensorId

_INCLUDED = ("hal", "kernels", "model", "protocol")


@dataclass(frozen=True)
class Identity:
    """What the generated code says about itself."""

    name: str
    engine: str
    board: str
    sha256: str
    version: str


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(firmware.templates_dir()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # C, not HTML: names pass through csource
    )


def render(template: str, **values: Any) -> str:
    """One template of `templates/`, rendered; a name it misses is an error."""
    return _environment().get_template(template).render(**values)


def model_files(
    program: Program, identity: Identity, place: ArenaPlace = ArenaPlace.STATIC
) -> dict[str, str]:
    """`model.h`, `model.c`, `weights.h` and `weights.c` of an aot program, its arena at `place`."""
    symbols = _Symbols()
    layers = [_layer(program, layer, symbols) for layer in program.layers]
    graph = program.graph
    common = {
        "title": csource.comment(identity.name),
        "version": identity.version,
        "sha256": identity.sha256,
        "name": csource.string(identity.name),
        "engine": csource.string(identity.engine),
        "board": csource.string(identity.board),
        "arena_bytes": program.plan.arena_bytes,
        "arena_place": place.value,
        "inputs": [_edge(program, i) for i in graph.inputs],
        "outputs": [_edge(program, i) for i in graph.outputs],
        "hash_bytes": csource.hash_bytes(identity.sha256),
        "headers": sorted({f"tg_{layer.call.kernel}.h" for layer in program.layers}),
        "layers": layers,
        "definitions": [csource.array(name, *data) for name, data in symbols.arrays.items()],
        "declarations": [csource.declaration(name, *data) for name, data in symbols.arrays.items()],
    }
    return {
        name: render(f"{name}.j2", **common)
        for name in ("model.h", "model.c", "weights.h", "weights.c")
    }


def platformio_files(
    board: Board,
    identity: Identity,
    build_flags: Sequence[str] = (),
    options: Sequence[tuple[str, str]] = (),
) -> dict[str, str]:
    """`platformio.ini` and `README.md` of the project."""
    local = firmware.PLATFORMS_DIR if board.platformio.platform == firmware.LOCAL_PLATFORM else ""
    values = {
        "name": csource.comment(identity.name),
        "board": board.id,
        "engine": identity.engine,
        "version": identity.version,
        "local_platform": local,
        "platform": board.platformio.platform,
        "platformio_board": board.platformio.board,
        "framework": board.platformio.framework,
        "build_flags": [
            *(f"-Isrc/{folder}" for folder in _INCLUDED),
            *firmware.port_flags(board),
            *board.platformio.build_flags,
            *build_flags,
        ],
        "build_unflags": board.platformio.build_unflags,
        "lib_ldf_mode": board.platformio.lib_ldf_mode,
        "options": [*board.platformio.options, *options],
        "main": firmware.main_file(board),
        "bundled": board.engines.tflm_from is not TflmFrom.SOURCES,
    }
    return {name: render(f"{name}.j2", **values) for name in ("platformio.ini", "README.md")}


class _Symbols:
    """The constant arrays of the program, each under one name, with its qualifier.

    A kernel reads its own constants where TG_FLASH puts them, a constant tensor like any other.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, tuple[Array, str]] = {}
        self._tensors: dict[TensorId, str] = {}

    def add(self, name: str, data: Array, qualifier: str = "") -> str:
        self.arrays[name] = (data, qualifier)
        return name

    def tensor(self, tensor: Tensor, data: Array) -> str:
        if tensor.id not in self._tensors:
            self._tensors[tensor.id] = self.add(f"tensor_{tensor.id}", data)
        return self._tensors[tensor.id]


def _layer(program: Program, layer: Layer, symbols: _Symbols) -> Mapping[str, object]:
    call = layer.call
    tensors = program.graph.tensors
    constants = {
        key: symbols.add(f"layer_{layer.index}_{key}", data, "TG_FLASH")
        for key, data in call.constants.items()
    }
    arguments = ["&params"]
    for tensor_id in call.inputs:
        tensor = tensors[tensor_id]
        if tensor.data is not None:
            arguments.append(symbols.tensor(tensor, tensor.data))
        else:
            arguments.append(_at(program.plan.offsets[tensor_id], tensor, const=True))
    arguments += [_at(program.plan.offsets[i], tensors[i], const=False) for i in call.outputs]
    scratch = program.plan.scratch[layer.index]
    if scratch is not None:
        arguments.append(f"&model_arena.bytes[{scratch}]")
    ins = ", ".join(csource.shape(t) for t in layer.io.inputs if t is not None and not t.constant)
    return {
        "number": layer.index,
        "kernel": call.kernel,
        "comment": csource.comment(f'{layer.node.op.kind} "{layer.title}"'),
        "shapes": f"{ins} -> {', '.join(csource.shape(t) for t in layer.io.outputs)}",
        "cost": f", {layer.macs:,} MACs" if layer.macs else "",
        "initializer": csource.initializer(call, constants, indent=" " * 6),
        "arguments": _wrap(arguments, len(f"  tg_{call.kernel}(")),
    }


def _at(offset: int, tensor: Tensor, *, const: bool) -> str:
    qualifier = "const " if const else ""
    return f"({qualifier}{csource.c_type(tensor.dtype)} *)&model_arena.bytes[{offset}]"


def _wrap(arguments: list[str], indent: int) -> str:
    line = ", ".join(arguments)
    return line if indent + len(line) <= 98 else (",\n" + " " * indent).join(arguments)


def _edge(program: Program, tensor_id: TensorId) -> Mapping[str, object]:
    """An input or output, and where it lies in the arena."""
    edge = csource.edge(program.graph.tensors[tensor_id])
    return {**edge, "offset": program.plan.offsets[tensor_id]}
