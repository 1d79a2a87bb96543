"""`.tflite` files: int8 is accepted, everything else is a clear error, and nothing hangs."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import flatbuffers
import pytest
import tflite

from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import DType
from tinygen.load import FloatFile, Int8File, load

TYPES = tflite.TensorType
OPS = tflite.BuiltinOperator


@dataclass
class T:
    """A tensor of a file to build: name, type, shape, scales."""

    name: str
    type: int = TYPES.INT8
    shape: tuple[int, ...] = (1, 4)
    scales: tuple[float, ...] = (0.5,)


def no_data(b: flatbuffers.Builder) -> int:
    """The buffers of a file without constants: the first, which is empty."""
    tflite.BufferStart(b)
    empty = tflite.BufferEnd(b)
    tflite.ModelStartBuffersVector(b, 1)
    b.PrependUOffsetTRelative(empty)
    return int(b.EndVector())


def quantized(b: flatbuffers.Builder, scales: tuple[float, ...]) -> int:
    """The quantization of a tensor: these scales, and a zero point of 0 for each."""
    tflite.QuantizationParametersStartScaleVector(b, len(scales))
    for scale in reversed(scales):
        b.PrependFloat32(scale)
    steps = b.EndVector()
    tflite.QuantizationParametersStartZeroPointVector(b, len(scales))
    for _ in scales:
        b.PrependInt64(0)
    points = b.EndVector()
    tflite.QuantizationParametersStart(b)
    tflite.QuantizationParametersAddScale(b, steps)
    tflite.QuantizationParametersAddZeroPoint(b, points)
    return int(tflite.QuantizationParametersEnd(b))


def build(
    tensors: list[T], ops: list[tuple[int, list[int], list[int]]], ins: list[int], outs: list[int]
) -> bytes:
    b = flatbuffers.Builder(0)

    def vector(start: object, items: list[int], prepend: object) -> int:
        start(b, len(items))  # type: ignore[operator]
        for item in reversed(items):
            prepend(item)  # type: ignore[operator]
        return int(b.EndVector())

    made = []
    for tensor in tensors:
        name = b.CreateString(tensor.name)
        shape = vector(tflite.TensorStartShapeVector, list(tensor.shape), b.PrependInt32)
        quantization = quantized(b, tensor.scales)
        tflite.TensorStart(b)
        tflite.TensorAddName(b, name)
        tflite.TensorAddShape(b, shape)
        tflite.TensorAddType(b, tensor.type)
        tflite.TensorAddQuantization(b, quantization)
        made.append(tflite.TensorEnd(b))
    codes, operators = [], []
    for index, (code, op_ins, op_outs) in enumerate(ops):
        tflite.OperatorCodeStart(b)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(b, min(code, 127))
        tflite.OperatorCodeAddBuiltinCode(b, code)
        codes.append(tflite.OperatorCodeEnd(b))
        in_vector = vector(tflite.OperatorStartInputsVector, op_ins, b.PrependInt32)
        out_vector = vector(tflite.OperatorStartOutputsVector, op_outs, b.PrependInt32)
        tflite.OperatorStart(b)
        tflite.OperatorAddOpcodeIndex(b, index)
        tflite.OperatorAddInputs(b, in_vector)
        tflite.OperatorAddOutputs(b, out_vector)
        operators.append(tflite.OperatorEnd(b))
    offset = b.PrependUOffsetTRelative
    tensor_vector = vector(tflite.SubGraphStartTensorsVector, made, offset)
    op_vector = vector(tflite.SubGraphStartOperatorsVector, operators, offset)
    in_vector, out_vector = (
        vector(start, items, b.PrependInt32)
        for start, items in (
            (tflite.SubGraphStartInputsVector, ins),
            (tflite.SubGraphStartOutputsVector, outs),
        )
    )
    tflite.SubGraphStart(b)
    tflite.SubGraphAddTensors(b, tensor_vector)
    tflite.SubGraphAddOperators(b, op_vector)
    tflite.SubGraphAddInputs(b, in_vector)
    tflite.SubGraphAddOutputs(b, out_vector)
    graph = tflite.SubGraphEnd(b)
    graphs = vector(tflite.ModelStartSubgraphsVector, [graph], offset)
    code_vector = vector(tflite.ModelStartOperatorCodesVector, codes, offset)
    buffers = no_data(b)
    tflite.ModelStart(b)
    tflite.ModelAddBuffers(b, buffers)
    tflite.ModelAddVersion(b, 3)
    tflite.ModelAddSubgraphs(b, graphs)
    tflite.ModelAddOperatorCodes(b, code_vector)
    b.Finish(tflite.ModelEnd(b), file_identifier=b"TFL3")
    return bytes(b.Output())


RELU = [(OPS.RELU, [0], [1])]


def one_op(first: T, last: T) -> bytes:
    return build([first, last], RELU, [0], [1])


def written(folder: Path, content: bytes) -> Path:
    path = folder / "net.tflite"
    path.write_bytes(content)
    return path


def test_int8_model(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, one_op(T("a"), T("b"))))
    assert (loaded.format, loaded.loader) == ("tflite", "tflite")
    assert [(e.name, e.shape, e.dtype) for e in loaded.inputs] == [("a", (1, 4), DType.INT8)]
    assert loaded.outputs == ("b",)
    assert isinstance(loaded, Int8File)
    assert loaded.content == one_op(T("a"), T("b"))
    assert [node.op.kind for node in loaded.graph.nodes] == ["RELU"]


FLOAT = TYPES.FLOAT32
QUANTIZE, DEQUANTIZE = OPS.QUANTIZE, OPS.DEQUANTIZE


def float_edges(inner: int) -> bytes:
    tensors = [T("a", FLOAT), T("q"), T("r", inner), T("b", FLOAT)]
    ops = [(QUANTIZE, [0], [1]), (OPS.RELU, [1], [2]), (DEQUANTIZE, [2], [3])]
    return build(tensors, ops, [0], [3])


def test_float_edges_are_accepted(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, float_edges(TYPES.INT8)))
    assert [edge.dtype for edge in loaded.inputs] == [DType.FLOAT32]


def test_a_float_file_is_one(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, one_op(T("serving_default_a:0", FLOAT), T("b", FLOAT))))
    assert isinstance(loaded, FloatFile)
    assert (loaded.format, loaded.is_int8) == ("tflite-float", False)
    assert [(e.name, e.shape, e.dtype) for e in loaded.inputs] == [("a", (1, 4), DType.FLOAT32)]
    assert loaded.outputs == ("b",)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (one_op(T("a", TYPES.UINT8), T("b", TYPES.UINT8)), "uint8 model"),
        (one_op(T("a", TYPES.INT16, scales=()), T("b", TYPES.INT16)), "no int8 model"),
        (one_op(T("a"), T("b", FLOAT)), "float model"),
        (one_op(T("a", scales=()), T("b")), "no int8 model"),
        (one_op(T("a", scales=(float("nan"),)), T("b")), "no int8 model"),
        (float_edges(TYPES.UINT8), "float model"),
        (
            build(
                [T("a"), T("f", FLOAT), T("g", FLOAT), T("b")],
                [(DEQUANTIZE, [0], [1]), (OPS.SOFTMAX, [1], [2]), (QUANTIZE, [2], [3])],
                [0],
                [3],
            ),
            "only partly quantized",
        ),
    ],
    ids=[
        "uint8",
        "int16 without a scale",
        "float output",
        "no scale",
        "nan",
        "uint8 inside",
        "hybrid",
    ],
)
def test_other_types_are_refused(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        load(written(tmp_path, content))
    assert "Keras model" in caught.value.next_step


def test_int16_activations_are_taken(tmp_path: Path) -> None:
    for content in (one_op(T("a", TYPES.INT16), T("b", TYPES.INT16)), float_edges(TYPES.INT16)):
        assert isinstance(load(written(tmp_path, content)), Int8File)


@pytest.mark.parametrize("kind", [TYPES.INT8, FLOAT], ids=["int8", "float"])
@pytest.mark.parametrize("shape", [(2, 4), (), (0, 4)])
def test_other_batches_are_unsupported(tmp_path: Path, shape: tuple[int, ...], kind: int) -> None:
    with pytest.raises(UnsupportedModel):
        load(written(tmp_path, one_op(T("a", kind, shape), T("b", kind, shape))))


def test_tensor_index_out_of_range(tmp_path: Path) -> None:
    content = build([T("a"), T("b")], [(OPS.RELU, [0], [9])], [0], [1])
    with pytest.raises(InputError, match="damaged"):
        load(written(tmp_path, content))


def test_every_truncation_is_an_error_or_harmless(tmp_path: Path) -> None:
    content = float_edges(TYPES.INT8)
    for length in range(8, len(content)):
        try:
            loaded = load(written(tmp_path, content[:length]))
        except InputError:
            continue
        assert len(content) - length < 8  # padding
        assert loaded.outputs == ("b",)


@pytest.mark.invariant("S2")
def test_damaged_bytes_never_escape(tmp_path: Path) -> None:
    """Only InputError may come out, whatever four bytes are overwritten."""
    content = float_edges(TYPES.INT8)
    numbers = random.Random(7)
    refused = 0
    for _ in range(1500):
        damaged = bytearray(content)
        at = numbers.randrange(8, len(content) - 4)
        value = numbers.choice([0, 0xFFFFFFFF, 0x7FFFFFFF, 0x10000, numbers.getrandbits(32)])
        damaged[at : at + 4] = value.to_bytes(4, "little")
        try:
            load(written(tmp_path, bytes(damaged)))
        except InputError:
            refused += 1
    assert refused > 300


def test_loading_imports_no_framework(tmp_path: Path) -> None:
    path = written(tmp_path, one_op(T("a"), T("b")))
    script = (
        "import sys; from pathlib import Path; from tinygen.load import load;"
        " import tinygen.data, tinygen.proof.metrics;"
        f" load(Path({str(path)!r}));"
        " print([m for m in ('tensorflow', 'keras', 'tf_keras', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_benchmark_files(models: Path, tmp_path: Path) -> None:
    for path in sorted(models.glob("*.tflite")):
        assert load(path).inputs[0].dtype is DType.INT8
        content = path.read_bytes()
        for share in (0.1, 0.5, 0.9):
            with pytest.raises(InputError):
                load(written(tmp_path, content[: int(len(content) * share)]))
