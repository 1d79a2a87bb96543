"""A compiled program -> the text of its C files. No I/O but templates."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tinygen import csource
from tinygen.boards import ArenaPlace
from tinygen.engines.aot.carried import Carried, carried
from tinygen.engines.aot.functions import Function, functions
from tinygen.engines.aot.loops import LoopCall, around
from tinygen.engines.aot.program import Layer, Program
from tinygen.engines.engine import edge_values, said_of_itself
from tinygen.ir import Array, Constant, KernelCall, Tensor, input_edges, output_edges
from tinygen.templates import Identity, render

_FILE_BYTES = 2_000_000
"""Constants in one file, unless a single one is larger; a compiler takes 15 times the memory."""


def model_files(
    program: Program,
    identity: Identity,
    place: ArenaPlace = ArenaPlace.STATIC,
    *,
    together: bool = False,
    typed: bool = False,
) -> dict[str, str]:
    """`model.h`, what that shares with every other one's, `model.c`, `weights.h` and `weights.c` of
    an aot program, its arena at `place`, which is that of other models too where they are
    `together`; `typed` as a `Job` has it.

    Of many weights there are more files, so that no compiler has all of them in memory.
    """
    found = functions(program.unrolled, small=program.small)
    symbols = _Symbols(function.name for function in found)
    loops: list[Mapping[str, object]] = []
    calls = _calls(_Scope(program), found, symbols, loops)
    graph = program.graph
    states = carried(graph, program.plan)
    common = {
        **said_of_itself(identity),
        "arena_bytes": program.plan.arena_bytes,
        "arena_place": "shared" if together and place is ArenaPlace.STATIC else place.value,
        **edge_values(input_edges(graph), output_edges(graph), typed=typed),
        "input_offsets": [program.plan.offsets[i] for i in graph.inputs],
        "output_offsets": [program.plan.offsets[i] for i in graph.outputs],
        "states": len(states),
        "state_bytes": sum(state.nbytes for state in states),
        "fills": any(s.fill is None and s.row.size < s.nbytes for s in states),
        "resets": [_reset(state, symbols) for state in states],
        "carries": [
            _wrap("  memcpy", [_at(state.offset), _at(state.left), str(state.nbytes)])
            for state in states
            if state.left is not None
        ],
        "labels": csource.output_labels(identity.labels, len(graph.outputs)),
        "hash_bytes": csource.hash_bytes(identity.sha256),
        "headers": [csource.kernel_header(kernel) for kernel in program.kernels],
        "functions": [_function(function, symbols) for function in found],
        "loops": loops,
        "calls": calls,
        "declarations": [csource.declaration(name, *data) for name, data in symbols.arrays.items()],
    }
    texts = ("tg_model.h", "model.h", "model.c", "weights.h")
    files = {name: render(f"{name}.j2", **common) for name in texts}
    for number, names in enumerate(symbols.parts()):
        definitions = [csource.array(name, *symbols.arrays[name]) for name in names]
        name = f"weights_{number}.c" if number else "weights.c"
        files[name] = render("weights.c.j2", **common, definitions=definitions)
    return files


class _Symbols:
    """The constant arrays of the program, each under one name, with its qualifier; asked for one,
    it says how C names its elements.

    A kernel reads its own constants where TG_FLASH puts them, a constant tensor like any other.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = frozenset(taken)
        self.arrays: dict[str, tuple[Constant, str]] = {}
        self._names: dict[int, str] = {}

    def constant(self, layer: Layer, key: str) -> str:
        """The symbol of a constant of a layer's call, named after the first layer that has it."""
        constant = layer.call.constants[key]
        return self._add(id(constant), f"model_layer_{layer.label}_{key}", constant, "TG_FLASH")

    def tensor(self, tensor: Tensor, data: Array) -> str:
        return self._add(id(data), f"model_tensor_{tensor.id}", Constant(data), "")

    def initial(self, state: Carried) -> str:
        """The symbol of what a state starts as, which may have several readers."""
        constant = Constant(state.initial)
        return self._add(id(state.initial), f"model_state_at_{state.offset}", constant, "")

    def row(self, state: Carried, row: Array) -> str:
        """The symbol of what a state starts as again and again."""
        name = f"model_state_at_{state.offset}"
        return self._add(id(state), name, Constant(row), "")

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
            name = _unlike(name, self._taken)
            self._names[identity] = csource.elements(name, constant)
            self.arrays[name] = (constant, qualifier)
        return self._names[identity]


def _function(function: Function, symbols: _Symbols) -> Mapping[str, object]:
    """The definition of a C function."""
    if function.general:
        return _general_function(function, symbols)
    first = function.layers[0]
    call = first.call
    inputs, outputs = _pointers(call)
    parameters = [
        *(csource.parameter(key, call.params[key]) for key in function.scalars),
        *(csource.pointer(key, call.constants[key], "TG_FLASH") for key in function.constants),
        *(f"tg_any_input {name}" for name in inputs),
        *(f"tg_any_output {name}" for name in outputs),
    ]
    constants = {
        key: key if key in function.constants else symbols.constant(first, key)
        for key in call.constants
    }
    symbol = csource.kernel_symbol(call.kernel)
    values = {key: key if key in function.scalars else value for key, value in call.params.items()}
    params = _params(call)
    return {
        "structs": [],
        "params": params,
        "head": _wrap("TG_LAYER void " + function.name, parameters or ["void"]),
        "comment": _comment(function),
        "symbol": symbol,
        "storage": "const" if function.constants or function.scalars else "static const",
        "initializer": csource.initializer({**values, **constants}, indent=" " * 6),
        "call": "  " + _wrap("  " + symbol, [f"&{params}", *inputs, *outputs]).lstrip(),
    }


def _general_function(function: Function, symbols: _Symbols) -> Mapping[str, object]:
    """The same for one that takes a struct of what its layers differ in."""
    first = function.layers[0]
    call = first.call
    symbol = csource.kernel_symbol(call.kernel)
    inputs, outputs = _pointers(call)
    structure = f"{function.name}_shape"
    parameters = [
        f"const struct {structure} *shape",
        *(f"tg_any_input {name}" for name in inputs),
        *(f"tg_any_output {name}" for name in outputs),
    ]
    scalars = {
        key: [layer.call.params[key] for layer in function.layers] for key in function.scalars
    }
    values = {
        **{
            key: csource.read_of("shape", key, value) if key in scalars else value
            for key, value in call.params.items()
        },
        **{
            key: f"shape->{key}" if key in function.constants else symbols.constant(first, key)
            for key in call.constants
        },
    }
    structs = [
        {
            "name": _struct(layer),
            "type": structure,
            "comment": f"Layer {layer.label}: {_title(layer)}",
            "initializer": csource.initializer(
                {
                    **{key: layer.call.params[key] for key in scalars},
                    **{key: symbols.constant(layer, key) for key in function.constants},
                }
            ),
        }
        for layer in function.layers
    ]
    return {
        "structure": structure,
        "fields": [
            *(csource.pointer(key, call.constants[key], "TG_FLASH") for key in function.constants),
            *(field.text for field in csource.narrow_fields(scalars)),
        ],
        "structs": structs,
        "head": _wrap("TG_LAYER void " + function.name, parameters),
        "comment": f"{_titles(function)} of any shape",
        "symbol": symbol,
        "storage": "const",
        "initializer": csource.initializer(values, indent=" " * 6),
        "params": "params",
        "call": "  " + _wrap("  " + symbol, ["&params", *inputs, *outputs]).lstrip(),
    }


def _struct(layer: Layer) -> str:
    return f"model_layer_{layer.label}_shape"


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
        return f"Layer {function.layers[0].label}: {_title(function.layers[0])}"
    kinds = dict.fromkeys(layer.node.op.kind for layer in function.layers)
    return f"{len(function.layers)} layers: {csource.comment(', '.join(kinds))}"


def _title(layer: Layer) -> str:
    return csource.comment(f'{layer.node.op.kind} "{layer.title}"')


@dataclass(frozen=True)
class _Scope:
    """A program whose arena lies at `base` in that of the whole: the whole, or a loop's step."""

    program: Program
    base: int = 0
    within: str = ""
    """What the numbers of its layers begin with."""

    def at(self, offset: int) -> str:
        """A place in its arena."""
        return f"model_arena_at({self.base + offset})"


def _calls(
    scope: _Scope,
    found: Sequence[Function],
    symbols: _Symbols,
    loops: list[Mapping[str, object]],
) -> list[str]:
    """The calls of a program's layers; `loops` gets the functions of those that are loops, inner
    ones first."""
    of = {layer.label: (function, layer) for function in found for layer in function.layers}
    calls = []
    for layer in scope.program.layers:
        label = f"{scope.within}{layer.index}"
        if isinstance(layer.call, LoopCall):
            labelled = replace(layer, within=scope.within)
            loops.append(_loop(scope, labelled, found, symbols, loops))
            calls.append(f"  {labelled.steps_name}()")
        else:
            calls.append(_call(scope, *of[label], symbols))
    return calls


def _loop(
    scope: _Scope,
    layer: Layer,
    found: Sequence[Function],
    symbols: _Symbols,
    loops: list[Mapping[str, object]],
) -> Mapping[str, object]:
    """The function of a loop."""
    call = layer.call
    assert isinstance(call, LoopCall)
    scratch = scope.program.plan.scratch[layer.index]
    inner = _Scope(call.step, scope.base + (scratch or 0), f"{layer.label}_")

    def address(tensor: Tensor, behind: str) -> str:
        if tensor.data is not None:
            own = symbols.tensor(tensor, tensor.data)
            return own if behind == "0" else f"(const uint8_t *){own} + {behind}"
        offset = scope.base + scope.program.plan.offsets[tensor.id]
        if behind == "0":
            return f"model_arena_at({offset})"
        return f"model_arena_at((uint32_t)({offset} + {behind}))"

    text = around(layer.node, layer.io, call.step, inner.base, address)
    return {
        "comment": f"Layer {layer.label}: {_title(layer)}, {text.steps} equal steps",
        "head": f"TG_LAYER void {layer.steps_name}(void)",
        "calls": _calls(inner, found, symbols, loops),
        "text": text,
    }


def _call(scope: _Scope, function: Function, layer: Layer, symbols: _Symbols) -> str:
    """The call of the function for one of its layers."""
    program = scope.program
    call, plan = layer.call, program.plan
    if function.general:
        arguments = [f"&{_struct(layer)}"]
    else:
        arguments = [csource.value(call.params[key]) for key in function.scalars]
        arguments += [symbols.constant(layer, key) for key in function.constants]
    for tensor_id in call.inputs:
        tensor = program.graph.tensors[tensor_id]
        if tensor.data is not None:
            arguments.append(symbols.tensor(tensor, tensor.data))
        else:
            arguments.append(scope.at(plan.offsets[tensor_id]))
    arguments += [scope.at(plan.offsets[i]) for i in call.outputs]
    scratch = plan.scratch[layer.index]
    if scratch is not None:
        arguments.append(scope.at(scratch))
    said = f"  /* {layer.label}: {_title(layer)} */\n" if len(function.layers) > 1 else ""
    return f"{said}{_wrap('  ' + function.name, arguments)}"


def _reset(state: Carried, symbols: _Symbols) -> str:
    """The statement that gives a state its value after a reset."""
    place, nbytes, row = _at(state.offset), str(state.nbytes), state.row
    if state.fill is not None:
        return _wrap("  memset", [place, str(state.fill), nbytes])
    if row.size == state.nbytes:
        return _wrap("  memcpy", [place, symbols.initial(state), nbytes])
    return _wrap("  model_fill", [place, nbytes, symbols.row(state, row), str(row.size)])


def _pointers(call: KernelCall) -> tuple[list[str], list[str]]:
    """The names of a function's arguments for its inputs, and for its outputs and scratch: other
    names than those of what its kernel takes."""
    own = {*call.params, *call.constants}

    def names(word: str, count: int) -> list[str]:
        numbered = [word] if count == 1 else [f"{word}_{i}" for i in range(count)]
        return [_unlike(name, own) for name in numbered]

    scratch = names("scratch", 1) if call.scratch_bytes else []
    return names("input", len(call.inputs)), names("output", len(call.outputs)) + scratch


def _params(call: KernelCall) -> str:
    """The name of a function's struct of parameters."""
    return _unlike("params", {*call.params, *call.constants})


def _unlike(name: str, taken: Container[str]) -> str:
    """The name, or that and as much as makes it another one than all of these."""
    while name in taken:
        name += "_"
    return name


def _at(offset: int) -> str:
    return f"model_arena_at({offset})"


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
