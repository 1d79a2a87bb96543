"""Files of one operator each, to start from: the cases of the operators' own tests."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator

import tflite

from tests.ops.harness import Case
from tests.ops.tflite_file import single_operator
from tests.runner import ROOT

_EACH = 3
_MOST_BYTES = 20_000


def files() -> list[bytes]:
    """A few of every operator that has cases at its test's top level, in the same order always."""
    seen: Counter[str] = Counter()
    found = []
    for one in _cases():
        of_a_file = one.op.kind in vars(tflite.BuiltinOperator)  # a pass makes some of its own
        if of_a_file and seen[one.op.kind] < _EACH:
            content = single_operator(one.op.kind, one.io.inputs, one.io.outputs, one.options)
            if len(content) <= _MOST_BYTES:
                found.append(content)
                seen[one.op.kind] += 1
    return found


def _cases() -> Iterator[Case]:
    for path in sorted((ROOT / "tests" / "ops").glob("test_op_*.py")):
        module = importlib.import_module(f"tests.ops.{path.stem}")
        for value in vars(module).values():
            if isinstance(value, tuple):
                yield from (one for one in value if isinstance(one, Case))
