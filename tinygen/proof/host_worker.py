"""Runs a .tflite on the host with TFLM or LiteRT, in a process of its own.

Both are C++ that aborts on what it does not like, and print as they go; a crash here is an error
there. Usage: `python -m tinygen.proof.host_worker RUNNER < request.npz > answer.npz`, where the
request holds `model` (bytes), `inputs`, `outputs` and `given` (counts), `input_0` … (samples,
*shape of the tensor), `arena_bytes` and `starts`, where a model that remembers forgets (bool, one
for each sample); the answer holds `output_0` … likewise.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tinygen.ir import Array

Sample = list[Array]


def _tflm(request: Mapping[str, Array]) -> Callable[[Sample], Sample]:
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(
        request["model"].tobytes(), arena_size=int(request["arena_bytes"])
    )
    outputs = int(request["outputs"])

    def invoke(inputs: Sample) -> Sample:
        for index, value in enumerate(inputs):
            shape = interpreter.get_input_details(index)["shape"]
            interpreter.set_input(value.reshape(shape), index)  # which may have no batch
        interpreter.invoke()
        return [np.array(interpreter.get_output(i)) for i in range(outputs)]

    return invoke


def _litert(request: Mapping[str, Array]) -> Callable[[Sample], Sample]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter: Any = Interpreter(
        model_content=request["model"].tobytes(),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    ins, outs = interpreter.get_input_details(), interpreter.get_output_details()

    def invoke(inputs: Sample) -> Sample:
        for detail, value in zip(ins, inputs, strict=True):
            interpreter.set_tensor(detail["index"], value.reshape(detail["shape"]))
        interpreter.invoke()
        return [np.array(interpreter.get_tensor(detail["index"])) for detail in outs]

    return invoke


def _nudged(request: Mapping[str, Array]) -> Callable[[Sample], Sample]:
    """The first `given` inputs are the model's, the others are added in its middle: none of them
    at first, then one at a time. Outputs are (1 + those others, *shape)."""
    kept, given = _litert(request), int(request["given"])
    forgets = bool(request["starts"].all())

    def invoke(inputs: Sample) -> Sample:
        return (_litert(request) if forgets else kept)(inputs)

    def each(inputs: Sample) -> Sample:
        still = [*inputs[:given], *map(np.zeros_like, inputs[given:])]
        rows = [invoke(still)]
        for place in range(given, len(inputs)):
            rows.append(invoke([*still[:place], inputs[place], *still[place + 1 :]]))
        return [np.stack(column) for column in zip(*rows, strict=True)]

    return each


RUNNERS = {"tflm": _tflm, "litert": _litert, "nudged": _nudged}


def _batches(request: Mapping[str, Array]) -> Iterator[Sample]:
    inputs = [request[f"input_{i}"] for i in range(int(request["inputs"]))]
    for sample in zip(*inputs, strict=True):
        yield [np.ascontiguousarray(value) for value in sample]


def _rows(request: Mapping[str, Array]) -> Iterator[Sample]:
    """The outputs of every sample. CALL_ONCE is run once by an interpreter: to forget takes a new
    one."""
    invoke = None
    for start, sample in zip(request["starts"], _batches(request), strict=True):
        if invoke is None or start:
            invoke = RUNNERS[sys.argv[1]](request)
        yield invoke(sample)


def main() -> None:
    """Read the request from standard input, write the answer to standard output."""
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as asked:
        rows = list(_rows({name: asked[name] for name in asked.files}))
    columns = {f"output_{i}": np.stack(column) for i, column in enumerate(zip(*rows, strict=True))}
    answer = io.BytesIO()
    np.savez(answer, **columns)  # type: ignore[arg-type]
    sys.stdout.buffer.write(answer.getvalue())


if __name__ == "__main__":
    main()
