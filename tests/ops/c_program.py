"""The C program that runs cases: inputs from stdin, outputs to stdout, exact-size buffers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tinygen import csource
from tinygen.engines.aot.offers import Cost
from tinygen.ir import Alias, Array, Constant, Kernel, KernelCall, Lowered, Op, Operands, TensorId
from tinygen.plan import ALIGNMENT


class CaseLike(Protocol):
    """What is run: see `harness.Case`."""

    @property
    def name(self) -> str: ...
    @property
    def op(self) -> Op: ...
    @property
    def io(self) -> Operands: ...
    @property
    def lowered(self) -> Lowered: ...
    @property
    def vectors(self) -> tuple[tuple[Array | None, ...], ...]: ...
    @property
    def cost(self) -> Cost | None: ...
    @property
    def expected(self) -> tuple[tuple[Array, ...], ...]: ...


@dataclass(frozen=True, eq=False)
class Run:
    """One call of one function of the program: what it reads, what it must write."""

    name: str
    inputs: tuple[Array, ...]
    outputs: tuple[tuple[str, Array], ...]
    """What it is, and the bytes expected; the inputs, unchanged, after the outputs."""


_PRELUDE = """\
static void *fresh(size_t bytes) {
  void *buffer = malloc(bytes);
  if (buffer == NULL) abort();
  memset(buffer, 0xA5, bytes);
  return buffer;
}

static void fill(void *buffer, size_t bytes) {
  if (fread(buffer, 1, bytes, stdin) != bytes) abort();
}

static void give(const void *buffer, size_t bytes) {
  if (fwrite(buffer, 1, bytes, stdout) != bytes) abort();
}
"""


def program(cases: Sequence[CaseLike]) -> tuple[str, tuple[Run, ...]]:
    """The program's text and its runs in order."""
    kernels: set[Kernel] = set()
    functions: list[str] = []
    calls: list[str] = []
    runs: list[Run] = []
    for number, case in enumerate(cases):
        lowered = case.lowered
        kernels |= {call.kernel for call in lowered if isinstance(call, KernelCall)}
        constants, text = _constants(f"c{number}", case.io, lowered)
        functions.append(f"/* {csource.comment(case.name)} */\n{text}")
        for variant, shared in enumerate((None, *shared_bytes(case.io, lowered))):
            symbol = f"case_{number}_{variant}"
            functions.append(_function(symbol, case.io, lowered, constants, shared))
            calls += [f"  {symbol}();"] * len(case.vectors)
            runs += _runs(case, shared)
    includes = ["stdalign.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"]
    head = "".join(f"#include <{name}>\n" for name in includes)
    head += "".join(f'#include "{csource.kernel_header(k)}"\n' for k in sorted(kernels))
    main = "int main(void) {\n" + "\n".join(calls) + "\n  return 0;\n}\n"
    return "\n".join([head, _PRELUDE, *functions, main]), tuple(runs)


def _runs(case: CaseLike, shared: Shared | None) -> list[Run]:
    runs = []
    where = "" if shared is None else f" {shared}"
    for index, (vector, expected) in enumerate(zip(case.vectors, case.expected, strict=True)):
        live = [
            (t, array)
            for t, array in zip(case.io.inputs, vector, strict=True)
            if t is not None and array is not None and not t.constant
        ]
        outputs = [(f"output {i}", array) for i, array in enumerate(expected)]
        outputs += [
            (f"'{t.name}' after the call", array)
            for t, array in live
            if shared is None or t.id != shared.source
        ]
        arrays = tuple(array for _, array in live)
        runs.append(Run(f"{case.name}{where}, vector {index}", arrays, tuple(outputs)))
    return runs


@dataclass(frozen=True)
class Shared:
    """An output that a call writes over an input, which begins `distance` bytes behind it."""

    source: TensorId
    target: TensorId
    distance: int

    def __str__(self) -> str:
        return f"{self.distance} bytes before its input" if self.distance else "in place"


def shared_bytes(io: Operands, lowered: Lowered) -> list[Shared]:
    """What may share bytes for this one operator, and as much of them as its calls allow: the call
    is the last reader of its input and the first writer of its output."""
    sizes = {t.id: t.nbytes for t in (*io.inputs, *io.outputs) if t is not None}
    found = []
    for position, call in enumerate(lowered):
        if not isinstance(call, KernelCall):
            continue
        for overlap in call.overlaps:
            source, target = call.inputs[overlap.input], call.outputs[overlap.output]
            read_later = any(source in _reads(c) for c in lowered[position + 1 :])
            written_before = any(target in _writes(c) for c in lowered[:position])
            read_twice = call.inputs.count(source) > 1
            if not (read_later or written_before or read_twice):
                short = max(0, sizes[target] - overlap.nbytes)
                found.append(Shared(source, target, -(-short // ALIGNMENT) * ALIGNMENT))
    return found


def _reads(call: KernelCall | Alias) -> tuple[TensorId, ...]:
    return call.inputs if isinstance(call, KernelCall) else (call.source,)


def _writes(call: KernelCall | Alias) -> tuple[TensorId, ...]:
    return call.outputs if isinstance(call, KernelCall) else (call.target,)


_Constants = tuple[dict[TensorId, str], list[dict[str, str]]]


def _constants(prefix: str, io: Operands, lowered: Lowered) -> tuple[_Constants, str]:
    """Symbols of constant tensors and of each call's constants, and their definitions."""
    lines: list[str] = []
    tensors: dict[TensorId, str] = {}
    per_call: list[dict[str, str]] = []
    used = {i for call in lowered for i in _reads(call)}
    for t in io.inputs:
        if t is not None and t.data is not None and t.id in used:
            tensors[t.id] = _define(f"{prefix}_t{t.id}", Constant(t.data), lines)
    for position, call in enumerate(lowered):
        symbols: dict[str, str] = {}
        if isinstance(call, KernelCall):
            for name, constant in call.constants.items():
                symbols[name] = _define(f"{prefix}_k{position}_{name}", constant, lines)
        per_call.append(symbols)
    return (tensors, per_call), "".join(lines)


def _define(name: str, constant: Constant, lines: list[str]) -> str:
    """Its elements in C, once what `lines` get is there."""
    lines.append(csource.declaration(name, constant) + "\n")
    lines.append(csource.array(name, constant))
    return csource.elements(name, constant)


def _function(
    symbol: str,
    io: Operands,
    lowered: Lowered,
    constants: _Constants,
    shared: Shared | None,
) -> str:
    tensors, per_call = constants
    live = [t for t in io.inputs if t is not None and not t.constant]
    sizes = {t.id: t.nbytes for t in (*live, *io.outputs)}
    body: list[str] = []
    for t in (*io.outputs, *live):
        kind, size, where = t.dtype.c_name, t.nbytes, ""
        if shared is not None and t.id == shared.source:
            where = f"((char *)t{shared.target} + {shared.distance})"
        elif shared is not None and t.id == shared.target:
            size = max(size, shared.distance + sizes[shared.source])
        body.append(f"  {kind} *t{t.id} = ({kind} *){where or f'fresh({size}u)'};")
    body += [f"  fill(t{t.id}, {t.nbytes}u);" for t in live]
    names = {**{i: f"t{i}" for i in sizes}, **tensors}
    for call, symbols in zip(lowered, per_call, strict=True):
        body += _call(call, names, sizes, symbols)
    for t in io.outputs:
        body.append(f"  give(t{t.id}, {t.nbytes}u);")
    kept = [t for t in live if shared is None or t.id != shared.source]
    body += [f"  give(t{t.id}, {t.nbytes}u);" for t in kept]
    body += [f"  free(t{t.id});" for t in (*io.outputs, *kept)]
    return f"static void {symbol}(void) {{\n" + "\n".join(body) + "\n}\n"


def _call(
    call: KernelCall | Alias,
    names: dict[TensorId, str],
    sizes: dict[TensorId, int],
    symbols: dict[str, str],
) -> list[str]:
    if isinstance(call, Alias):
        return [f"  memcpy({names[call.target]}, {names[call.source]}, {sizes[call.target]}u);"]
    arguments = ["&params", *(names[i] for i in (*call.inputs, *call.outputs))]
    symbol = csource.kernel_symbol(call.kernel)
    lines = ["  {"]
    lines.append(f"    static const struct {symbol}_params params = {{")
    lines.append(csource.initializer({**call.params, **symbols}, "      "))
    lines.append("    };")
    if call.scratch_bytes:
        lines.append(f"    void *scratch = fresh({call.scratch_bytes}u);")
        arguments.append("scratch")
    lines.append(f"    {symbol}({', '.join(arguments)});")
    if call.scratch_bytes:
        lines.append("    free(scratch);")
    lines.append("  }")
    return lines
