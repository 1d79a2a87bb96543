"""A compiled program -> the text of its C files. No I/O but templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinygen import csource
from tinygen.boards import ArenaPlace
from tinygen.engines.aot.functions import Function, functions
from tinygen.engines.aot.program import Layer, Program
from tinygen.engines.engine import edge_values, require_stateless, said_of_itself
from tinygen.ir import Array, Constant, Tensor, input_edges, output_edges
from tinygen.templates import Identity, render

_FILE_BYTES = 2_000_000
"""Constants in one file, unless a single one is larger; a compiler takes 15 times the memory."""


def model_files(
    program: Program, identity: Identity, place: ArenaPlace = ArenaPlace.STATIC
) -> dict[str, str]:
    """`model.h`, `model.c`, `weights.h` and `weights.c` of an aot program, its arena at `place`.

    Of many weights there are more files, so that no compiler has all of them in memory.
    """
    require_stateless(program.graph)
    symbols = _Symbols()
    found = functions(program.layers, small=program.small)
    calls = {
        layer.index: _call(program, function, layer, symbols)
        for function in found
        for layer in function.layers
    }
    graph = program.graph
    common = {
        **said_of_itself(identity),
        "arena_bytes": program.plan.arena_bytes,
        "arena_place": place.value,
        **edge_values(input_edges(graph), output_edges(graph)),
        "input_offsets": [program.plan.offsets[i] for i in graph.inputs],
        "output_offsets": [program.plan.offsets[i] for i in graph.outputs],
        "labels": csource.output_labels(identity.labels, len(graph.outputs)),
        "hash_bytes": csource.hash_bytes(identity.sha256),
        "headers": [csource.kernel_header(kernel) for kernel in program.kernels],
        "functions": [_function(function, symbols) for function in found],
        "calls": [calls[layer.index] for layer in program.layers],
        "declarations": [csource.declaration(name, *data) for name, data in symbols.arrays.items()],
    }
    files = {name: render(f"{name}.j2", **common) for name in ("model.h", "model.c", "weights.h")}
    for number, names in enumerate(symbols.parts()):
        definitions = [csource.array(name, *symbols.arrays[name]) for name in names]
        name = f"weights_{number}.c" if number else "weights.c"
        files[name] = render("weights.c.j2", **common, definitions=definitions)
    return files


class _Symbols:
    """The constant arrays of the program, each under one name, with its qualifier.

    A kernel reads its own constants where TG_FLASH puts them, a constant tensor like any other.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, tuple[Constant, str]] = {}
        self._names: dict[int, str] = {}

    def constant(self, layer: Layer, key: str) -> str:
        """The symbol of a constant of a layer's call, named after the first layer that has it."""
        constant = layer.call.constants[key]
        return self._add(id(constant), f"layer_{layer.index}_{key}", constant, "TG_FLASH")

    def tensor(self, tensor: Tensor, data: Array) -> str:
        return self._add(id(data), f"tensor_{tensor.id}", Constant(data), "")

    def parts(self) -> list[list[str]]:
        """The names, shared out among files; the first may be empty."""
        parts: list[list[str]] = [[]]
        nbytes = 0
        for name, (constant, _) in self.arrays.items():
            nbytes += constant.data.nbytes
            if nbytes > _FILE_BYTES and parts[-1]:
                parts.append([])
                nbytes = constant.data.nbytes
            parts[-1].append(name)
        return parts

    def _add(self, identity: int, name: str, constant: Constant, qualifier: str) -> str:
        if identity not in self._names:
            self._names[identity] = name
            self.arrays[name] = (constant, qualifier)
        return self._names[identity]


def _function(function: Function, symbols: _Symbols) -> Mapping[str, object]:
    """The definition of a C function."""
    if function.general:
        return _general_function(function, symbols)
    first = function.layers[0]
    call = first.call
    names = _names("input", len(call.inputs)), _names("output", len(call.outputs))
    scratch = ["scratch"] if call.scratch_bytes else []
    parameters = [
        *(csource.parameter(key, call.params[key]) for key in function.scalars),
        *(csource.pointer(key, call.constants[key], "TG_FLASH") for key in function.constants),
        *(f"const void *{name}" for name in names[0]),
        *(f"void *{name}" for name in (*names[1], *scratch)),
    ]
    constants = {
        key: key if key in function.constants else symbols.constant(first, key)
        for key in call.constants
    }
    symbol = csource.kernel_symbol(call.kernel)
    values = {key: key if key in function.scalars else value for key, value in call.params.items()}
    arguments = ["&params", *names[0], *names[1], *scratch]
    return {
        "structs": [],
        "head": _wrap("TG_LAYER void " + function.name, parameters or ["void"]),
        "comment": _comment(function),
        "symbol": symbol,
        "storage": "const" if function.constants or function.scalars else "static const",
        "initializer": csource.initializer({**values, **constants}, indent=" " * 6),
        "call": "  " + _wrap("  " + symbol, arguments).lstrip(),
    }


def _general_function(function: Function, symbols: _Symbols) -> Mapping[str, object]:
    """The same for one that takes a struct of parameters."""
    call = function.layers[0].call
    symbol = csource.kernel_symbol(call.kernel)
    inputs, outputs = _names("input", len(call.inputs)), _names("output", len(call.outputs))
    outputs += ["scratch"] if call.scratch_bytes else []
    parameters = [
        f"const struct {symbol}_params *params",
        *(f"const void *{name}" for name in inputs),
        *(f"void *{name}" for name in outputs),
    ]
    structs = [
        {
            "name": _struct(layer),
            "comment": f"Layer {layer.index}: {_title(layer)}",
            "initializer": csource.initializer(
                {
                    **layer.call.params,
                    **{key: symbols.constant(layer, key) for key in layer.call.constants},
                }
            ),
        }
        for layer in function.layers
    ]
    return {
        "structs": structs,
        "head": _wrap("TG_LAYER void " + function.name, parameters),
        "comment": f"{_titles(function)} of any shape",
        "symbol": symbol,
        "call": _wrap("  " + symbol, ["params", *inputs, *outputs]),
    }


def _struct(layer: Layer) -> str:
    return f"layer_{layer.index}_params"


def _comment(function: Function) -> str:
    """Which layers it computes, on which shapes."""
    first = function.layers[0]
    ins = ", ".join(csource.shape(t) for t in first.io.inputs if t is not None and not t.constant)
    outs = ", ".join(csource.shape(t) for t in first.io.outputs)
    each = " each" if len(function.layers) > 1 else ""
    macs = f", {first.macs:,} MACs{each}" if first.macs else ""
    return f"{_titles(function)}\n * {ins} -> {outs}{macs}"


def _titles(function: Function) -> str:
    if len(function.layers) == 1:
        return f"Layer {function.layers[0].index}: {_title(function.layers[0])}"
    kinds = dict.fromkeys(layer.node.op.kind for layer in function.layers)
    return f"{len(function.layers)} layers: {csource.comment(', '.join(kinds))}"


def _title(layer: Layer) -> str:
    return csource.comment(f'{layer.node.op.kind} "{layer.title}"')


def _call(program: Program, function: Function, layer: Layer, symbols: _Symbols) -> str:
    """The call of the function for one of its layers."""
    call, plan = layer.call, program.plan
    arguments = [f"&{_struct(layer)}"] if function.general else []
    arguments += [csource.value(call.params[key]) for key in function.scalars]
    arguments += [symbols.constant(layer, key) for key in function.constants]
    for tensor_id in call.inputs:
        tensor = program.graph.tensors[tensor_id]
        if tensor.data is not None:
            arguments.append(symbols.tensor(tensor, tensor.data))
        else:
            arguments.append(_at(plan.offsets[tensor_id]))
    arguments += [_at(plan.offsets[i]) for i in call.outputs]
    scratch = plan.scratch[layer.index]
    if scratch is not None:
        arguments.append(_at(scratch))
    said = f"  /* {layer.index}: {_title(layer)} */\n" if len(function.layers) > 1 else ""
    return f"{said}{_wrap('  ' + function.name, arguments)}"


def _names(word: str, count: int) -> list[str]:
    return [word] if count == 1 else [f"{word}_{i}" for i in range(count)]


def _at(offset: int) -> str:
    return f"arena_at({offset})"


def _wrap(head: str, arguments: Sequence[str]) -> str:
    """A call or a declaration, in lines of at most 100 characters with what follows it."""
    line = f"{head}("
    indent = " " * len(line)
    lines = []
    for number, argument in enumerate(arguments):
        last = number == len(arguments) - 1
        if len(line) + len(argument) > 97 and line.strip() and not line.endswith("("):
            lines.append(line.rstrip())
            line = indent
        line += argument + (")" if last else ", ")
    return "\n".join([*lines, line])
