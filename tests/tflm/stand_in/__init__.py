"""A stand-in for TensorFlow Lite Micro's sources: our own text, laid out and pinned as upstream's.

    with in_place():              the pins are those of the stand-in
        setup(cache, str(TREES))
    python -m tests.tflm.stand_in setup tflm --source TREES     the command line, with those pins

So that all that tinygen does with upstream's sources is tested where those are not at hand. The
interpreter runs MAX_POOL_2D (VALID, no activation) and RESHAPE; of the vendors' libraries there is
a function for that pool, and some that nobody calls.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tinygen.engines.tflm.source import PINS, Pin, content_hash

TREES = Path(__file__).resolve().parent / "trees"
"""A folder per repository, by its name."""
SOURCES = "tensorflow/lite/micro/tools/make/sources.inc"
"""Upstream's list of what is compiled."""


def files(pin: Pin) -> dict[str, bytes]:
    """What is kept of the stand-in for a repository: path -> content."""
    folder = TREES / pin.name
    found = (p for p in folder.rglob("*") if p.is_file())
    paths = {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
    return {path: content for path, content in paths.items() if pin.wanted(path)}


@contextlib.contextmanager
def in_place() -> Iterator[None]:
    """While it lasts, each pin has the hash of the stand-in, and so a folder of its own."""
    real = {pin.name: pin.sha256 for pin in PINS}
    try:
        for pin in PINS:
            # Frozen, and imported by name all over: the value itself changes, not who holds it.
            object.__setattr__(pin, "sha256", content_hash(files(pin)))
        yield
    finally:
        for pin in PINS:
            object.__setattr__(pin, "sha256", real[pin.name])


def pools(*shapes: tuple[int, int, int], padding: int = 1) -> bytes:
    """A .tflite file of MAX_POOL_2Ds, 2x2 with stride 2, from shape to shape, and a RESHAPE to two
    dimensions. `padding` 1 is VALID; 0 is SAME, which the stand-in's kernels do not know."""
    flat = int(np.prod(shapes[-1]))
    tensors = [_tensor((1, *shape), f"pool_{i}") for i, shape in enumerate(shapes)]
    tensors.append(_tensor((1, flat), "flat"))
    tensors.append(schema.TensorT(shape=[2], type=schema.TensorType.INT32, name="shape", buffer=1))
    constant = len(tensors) - 1
    calls = [_pool(i, padding) for i in range(len(shapes) - 1)]
    calls.append(
        schema.OperatorT(
            opcodeIndex=1,
            inputs=[len(shapes) - 1, constant],
            outputs=[len(shapes)],
            builtinOptionsType=schema.BuiltinOptions.ReshapeOptions,
            builtinOptions=schema.ReshapeOptionsT(newShape=[1, flat]),
        )
    )
    codes = (schema.BuiltinOperator.MAX_POOL_2D, schema.BuiltinOperator.RESHAPE)
    model = schema.ModelT(
        version=3,
        operatorCodes=[schema.OperatorCodeT(deprecatedBuiltinCode=c, builtinCode=c) for c in codes],
        subgraphs=[
            schema.SubGraphT(
                tensors=tensors, inputs=[0], outputs=[len(shapes)], operators=calls, name="main"
            )
        ],
        buffers=[
            schema.BufferT(),
            schema.BufferT(data=np.array([1, flat], np.int32).view(np.uint8)),
        ],
    )
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _tensor(shape: tuple[int, ...], name: str) -> schema.TensorT:
    quantization = schema.QuantizationParametersT(scale=[0.5], zeroPoint=[0])
    return schema.TensorT(
        shape=list(shape), type=schema.TensorType.INT8, name=name, quantization=quantization
    )


def _pool(index: int, padding: int) -> schema.OperatorT:
    options = schema.Pool2DOptionsT(
        padding=padding, strideW=2, strideH=2, filterWidth=2, filterHeight=2
    )
    return schema.OperatorT(
        opcodeIndex=0,
        inputs=[index],
        outputs=[index + 1],
        builtinOptionsType=schema.BuiltinOptions.Pool2DOptions,
        builtinOptions=options,
    )
