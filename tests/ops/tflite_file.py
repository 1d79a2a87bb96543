"""Single-operator .tflite files, and what TFLM, the oracle, computes for them.

    model = single_operator("ADD", [a, b], [c], {"fusedActivationFunction": 1})
    outputs = run_tflm(model, [a_values, b_values])      # skips the test without the wheel
    op, io = parse_operator(model)                       # as tinygen reads the same file

Tensors are the graph's own `Tensor` values; those with `data` become constants of the file, the
others (outputs apart) its inputs, in their order. Ids are not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite
from ai_edge_litert import schema_py_generated as schema

from tinygen.ir import ABSENT, Array, DType, Op, Operands, Quant, Shape, Tensor
from tinygen.tflite import read

RELU, RELU_N1_TO_1, RELU6, TANH = 1, 2, 3, 4
"""Values of ActivationFunctionType other than NONE (0)."""
SAME, VALID = 0, 1
"""Values of Padding."""

_SHARED: Mapping[str, str] = {
    r".*_POOL_2D": "Pool2DOptions",
    r"MEAN|SUM|REDUCE_(ALL|ANY|MAX|MIN|PROD)": "ReducerOptions",
    r"MAXIMUM|MINIMUM": "MaximumMinimumOptions",
    r"L2_NORMALIZATION": "L2NormOptions",
    r"UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
    r"CONV_3D_TRANSPOSE": "Conv3DOptions",
    r"RANDOM_.*|MULTINOMIAL": "RandomOptions",
}
"""Where the schema's table of options is not named after the operator: all such tables."""


def options_of(kind: str) -> str:
    """The schema's table of an operator's options; "NONE" for an operator without one."""
    own = f"{kind.replace('_', '')}Options".lower()
    tables: list[str] = list(vars(schema.BuiltinOptions))
    named = [name for name in tables if name.lower() == own]
    shared = [name for pattern, name in _SHARED.items() if re.fullmatch(pattern, kind)]
    return (*named, *shared, "NONE")[0]


def tensor(
    shape: Shape,
    dtype: DType = DType.INT8,
    scale: float | Sequence[float] | None = None,
    zero_point: int = 0,
    *,
    data: Array | None = None,
    axis: int = 0,
    name: str = "t",
) -> Tensor:
    """A tensor description; several scales mean per-channel quantization along `axis`."""
    quant = None
    if scale is not None:
        scales = tuple(scale) if isinstance(scale, Sequence) else (scale,)
        scales = tuple(float(np.float32(s)) for s in scales)  # as the file will hold them
        quant = Quant(scales, (zero_point,) * len(scales), axis)
    if data is not None:
        data = np.asarray(data, dtype=dtype.numpy).reshape(shape)
    return Tensor(-1, name, shape, dtype, quant, data)


def constant(values: object, dtype: DType = DType.INT32, name: str = "c") -> Tensor:
    """A constant without quantization: a shape, axes, paddings."""
    data = np.asarray(values, dtype=dtype.numpy)
    return Tensor(-1, name, data.shape, dtype, None, data)


def single_operator(
    kind: str,
    inputs: Sequence[Tensor | None],
    outputs: Sequence[Tensor],
    options: Mapping[str, Any] | None = None,
    memory: Sequence[int] = (),
) -> bytes:
    """A .tflite file with one operator. `options` name fields of the schema's options class
    (camelCase); with None the operator has no options table at all. The inputs at positions in
    `memory` are variables, and what is left in them is no output."""
    present = [t for t in inputs if t is not None]
    variables = [t for i, t in enumerate(inputs) if i in memory]
    outputs = outputs[: len(outputs) - len(memory)]
    buffers = [schema.BufferT()]
    tensors = []
    for i, t in enumerate([*present, *outputs]):
        table = schema.TensorT(
            shape=list(t.shape),
            type=type_of(t),
            name=f"{t.name}_{i}",
            quantization=quantization(t.quant),
            hasRank=True,
            isVariable=any(t is one for one in variables),
        )
        if t.data is not None:
            table.buffer = len(buffers)
            buffers.append(schema.BufferT(data=bytes_of(t)))
        tensors.append(table)

    ids = iter(range(len(present)))
    operator = schema.OperatorT(
        opcodeIndex=0,
        inputs=[ABSENT if t is None else next(ids) for t in inputs],
        outputs=list(range(len(present), len(tensors))),
    )
    if options is not None:
        name = options_of(kind)
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        operator.builtinOptions = getattr(schema, f"{name}T")(**options)
    code = getattr(schema.BuiltinOperator, kind)
    model = schema.ModelT(
        version=3,
        operatorCodes=[
            schema.OperatorCodeT(deprecatedBuiltinCode=min(code, 127), builtinCode=code)
        ],
        subgraphs=[
            schema.SubGraphT(
                tensors=tensors,
                inputs=[
                    i
                    for i, t in enumerate(present)
                    if t.data is None and not any(t is one for one in variables)
                ],
                outputs=operator.outputs,
                operators=[operator],
                name="main",
            )
        ],
        buffers=buffers,
    )
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def edited(model: bytes, change: Callable[[Any], None]) -> bytes:
    """The file after `change` of its `ModelT`, the schema's tables as objects: what a broken
    converter or a hex editor would have written."""
    tables: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    change(tables)
    builder = flatbuffers.Builder(1024)
    builder.Finish(tables.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def quantization(quant: Quant | None) -> Any:
    if quant is None:
        return None
    return schema.QuantizationParametersT(
        scale=list(quant.scales), zeroPoint=list(quant.zero_points), quantizedDimension=quant.axis
    )


def type_of(t: Tensor) -> int:
    """The schema's number of a tensor's type."""
    return int(getattr(schema.TensorType, "INT4" if t.int4 else t.dtype.name))


def bytes_of(t: Tensor) -> Array:
    """A constant's bytes as a file has them: of int4 two numbers in each."""
    assert t.data is not None
    flat = np.ascontiguousarray(t.data).reshape(-1)
    if not t.int4:
        return flat.view(np.uint8)
    assert ((flat >= -8) & (flat <= 7)).all()
    pairs = np.append(flat, np.zeros(flat.size % 2, np.int8)).reshape(-1, 2).astype(np.uint8) & 15
    return np.asarray(pairs[:, 0] | pairs[:, 1] << 4, np.uint8)


def run_tflm(model: bytes, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """The outputs of TFLM for the non-constant `inputs`; skips where the wheel is absent.

    RuntimeError where TFLM refuses the model.
    """
    reason = "the tflite-micro wheel is not installed"
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime", reason=reason)
    sizes = 4 * sum(array.nbytes for array in inputs)
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=len(model) * 10 + sizes + 65536)
    for i, array in enumerate(inputs):
        interpreter.set_input(array, i)
    interpreter.invoke()
    count = tflite.Model.GetRootAs(model, 0).Subgraphs(0).OutputsLength()
    return tuple(np.array(interpreter.get_output(i)) for i in range(count))


def run_litert(model: bytes, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """The outputs of LiteRT's reference kernels; skips where it is absent."""
    reason = "LiteRT is not installed"
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason=reason)
    interpreter = litert.Interpreter(
        model_content=model,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return tuple(interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details())


def parse_operator(model: bytes) -> tuple[Op, Operands]:
    """The one operator of a file and its tensors, as tinygen reads every file."""
    graph = read(model, "case")
    (node,) = graph.nodes
    return node.op, graph.operands(node)


def reference(model: bytes, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """What tinygen's numpy reference computes for the same file; also checks `infer`."""
    op, io = parse_operator(model)
    assert op.infer(io) == tuple(t.shape for t in io.outputs)
    feed = iter(inputs)
    values = [None if t is None else (t.data if t.constant else next(feed)) for t in io.inputs]
    outputs = op.reference(io, values)
    for t, value in zip(io.outputs, outputs, strict=True):
        assert value.shape == t.shape
        assert value.dtype == t.dtype.numpy
    return outputs
