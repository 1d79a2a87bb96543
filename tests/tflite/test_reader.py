"""Reading a .tflite: whole ones completely, damaged ones with a clear error and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
import tflite as schema

from tests.ops.tflite_file import single_operator, tensor
from tests.runner import GOLDEN_MODEL
from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.errors import InputError, UnsupportedModel


def test_the_graph_holds_what_the_file_says() -> None:
    graph = tflite.read(GOLDEN_MODEL.read_bytes(), "digits")
    kinds = [node.op.kind for node in graph.nodes]
    assert kinds[0] == "CONV_2D"
    assert kinds[-1] == "SOFTMAX"
    assert kinds.count("DEPTHWISE_CONV_2D") == 1
    (source,) = graph.inputs
    assert graph.tensors[source].shape == (1, 8, 8, 1)
    assert graph.tensors[source].q.zero_point == -128


def test_macs_and_arena_are_the_known_ones() -> None:
    assert _macs_and_arena(GOLDEN_MODEL) == (70_080, 1_848)


def test_macs_and_arena_of_the_benchmark_are_the_known_ones(models: Path) -> None:
    known = {  # arena by the portable kernels
        "kws_ref_model": (2_656_768, 8_520),
        "ad01_int8": (264_192, 768),
        "pretrainedResnet_quant": (12_501_632, 34_472),
        "vww_96_int8": (3_766_476, 38_148),
    }
    for name, figures in known.items():
        assert _macs_and_arena(models / f"{name}.tflite") == figures


def _macs_and_arena(path: Path) -> tuple[int, int]:
    graph = passes.optimize(passes.simplify(tflite.read(path.read_bytes(), path.stem)))
    program = aot.compile_graph(graph)
    assert program.plan.arena_bytes == program.plan.minimum_bytes
    return program.macs, program.plan.arena_bytes


def test_other_files_are_no_tflite() -> None:
    for content in (b"", b"TFL3", b"\x00" * 64, b"PK\x03\x04" + b"x" * 100):
        with pytest.raises(InputError, match=r"not a \.tflite"):
            tflite.read(content, "x")


def test_truncated_files_are_refused() -> None:
    content = GOLDEN_MODEL.read_bytes()
    for size in (16, 100, 700, 1500):
        with pytest.raises(InputError):
            tflite.read(content[:size], "digits")


@pytest.mark.invariant("S2")
def test_damaged_files_never_end_in_another_error() -> None:
    content = GOLDEN_MODEL.read_bytes()
    generator = random.Random(3)
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(generator.randrange(1, 12)):
            damaged[generator.randrange(8, len(damaged))] = generator.randrange(256)
        try:
            graph = passes.simplify(tflite.read(bytes(damaged), "digits"))
            aot.compile_graph(graph)
        except InputError:
            refused += 1
    assert refused > 50


def test_an_operator_that_is_not_compiled_is_named() -> None:
    source = tensor((1, 4), scale=0.1, name="in")
    target = tensor((1, 4), scale=0.1, name="five best")
    content = single_operator("TOPK_V2", [source], [target])
    with pytest.raises(UnsupportedModel) as caught:
        tflite.read(content, "best")
    assert "TOPK_V2" in caught.value.what
    assert "five best" in caught.value.why
    assert "tinygen ops" in caught.value.next_step
    assert caught.value.next_step
    assert caught.value.exit_code == 2


def test_vectors_that_overlap_are_refused_at_once() -> None:
    """A file may name one long vector from every table: reading it for each would never end."""
    builder = flatbuffers.Builder(0)
    names = builder.CreateString("n" * 60_000)
    tensors = []
    for _ in range(3000):
        schema.TensorStart(builder)
        schema.TensorAddName(builder, names)
        tensors.append(schema.TensorEnd(builder))
    schema.SubGraphStartTensorsVector(builder, len(tensors))
    for offset in reversed(tensors):
        builder.PrependUOffsetTRelative(offset)
    vector = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, vector)
    graph = schema.SubGraphEnd(builder)
    schema.BufferStart(builder)
    empty = schema.BufferEnd(builder)
    for start, item in (
        (schema.ModelStartBuffersVector, empty),
        (schema.ModelStartSubgraphsVector, graph),
    ):
        start(builder, 1)
        builder.PrependUOffsetTRelative(item)
        vector = builder.EndVector()
        if item == empty:
            buffers = vector
    schema.ModelStart(builder)
    schema.ModelAddSubgraphs(builder, vector)
    schema.ModelAddBuffers(builder, buffers)
    builder.Finish(schema.ModelEnd(builder), file_identifier=b"TFL3")
    with pytest.raises(InputError, match="damaged") as caught:
        tflite.parse(bytes(builder.Output()), "long.tflite")
    assert "overlap" in caught.value.why


def test_constants_are_views_of_the_file(models: Path) -> None:
    """Tensors that share a buffer, or overlap in one, take no memory of their own."""
    content = (models / "kws_ref_model.tflite").read_bytes()
    graph = tflite.read(content, "kws")
    file = np.frombuffer(content, np.uint8)
    constants = [t.data for t in graph.tensors.values() if t.data is not None]
    assert len(constants) > 10
    for data in constants:
        assert np.shares_memory(data, file)
        assert not data.flags.writeable
