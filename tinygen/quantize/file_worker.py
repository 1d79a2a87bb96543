"""Quantizes a float .tflite to int8 as TensorFlow's converter does it, in a process of its own.

The file is somebody else's, and what reads it is C++ that aborts on what it does not like; a crash
here is an error there. TensorFlow Lite's quantizer is given a file by these functions alone: its
converter takes Keras models, functions and SavedModels, calls them, and nothing else.
Usage: `python -m tinygen.quantize.file_worker < request.npz > model.tflite`; the request holds
`model` (bytes), `inputs` (how many), `input_0` ... (samples, *shape), `float_edges`, `activations`
(the name of their type) and `whole`: without it what has no such form stays float.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tinygen.ir import Array
from tinygen.quantize.steps import with_equal_ranges

_OTHER_DIALECT = b"keep_stablehlo_constant"


def quantized(request: Mapping[str, Array]) -> bytes:
    """The int8 model of the request."""
    inputs = [request[f"input_{i}"] for i in range(int(request["inputs"]))]

    def samples() -> Iterator[list[Array]]:
        for sample in zip(*inputs, strict=True):
            yield [value[np.newaxis] for value in sample]

    content = _plain(request["model"].tobytes())
    activations, float_edges = str(request["activations"]), bool(request["float_edges"])
    whole = bool(request["whole"])
    return quantized_content(content, samples, activations, float_edges=float_edges, whole=whole)


def quantized_content(
    content: bytes,
    samples: Callable[[], Iterator[list[Array]]],
    activations: str,
    *,
    float_edges: bool,
    whole: bool = True,
) -> bytes:
    """The float .tflite in int8, its equal steps quantized equally; `activations` is the name of
    their type. Where it need not be `whole`, what has no such form stays float. What is
    thrown is TensorFlow's."""
    import tensorflow
    from tensorflow.lite.python.convert import mlir_quantize
    from tensorflow.lite.python.optimize import calibrator

    codes = tensorflow.dtypes.as_dtype(activations)
    edges = tensorflow.float32 if float_edges else codes
    if codes is tensorflow.int16:  # which the newer quantizer has not
        old = calibrator.Calibrator(content)
        return bytes(
            old.calibrate_and_quantize(samples, edges, edges, not whole, codes, tensorflow.int64)
        )
    calibrated = calibrator.Calibrator(calibrator.add_intermediate_tensors(content)).calibrate(
        samples
    )
    equal = with_equal_ranges(calibrated)
    return bytes(
        mlir_quantize(
            equal,
            input_data_type=edges,
            output_data_type=edges,
            enable_variable_quantization=True,
        )
    )


def _plain(content: bytes) -> bytes:
    """The file without what litert-torch writes beside it: that constants are to be read as those
    of another dialect, in which the quantizer knows no weights."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    kept = [entry for entry in model.metadata or () if entry.name != _OTHER_DIALECT]
    if len(kept) == len(model.metadata or ()):
        return content
    model.metadata = kept
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def main() -> None:
    """Read the request from standard input, write the model to standard output."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)  # what C++ prints is no part of the answer
        with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as request:
            answer.write(quantized(request))


if __name__ == "__main__":
    main()
