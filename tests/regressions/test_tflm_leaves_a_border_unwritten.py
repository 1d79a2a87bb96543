"""SPACE_TO_BATCH_ND with a border: TFLM leaves what its memory happens to hold there, and was the
oracle all the same, so that right firmware of the engine aot was UNVERIFIED, its oracle in doubt.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.tflite_file import constant, run_litert, single_operator, tensor
from tinygen import passes, tflite
from tinygen.ir import Int8Model
from tinygen.proof import oracle


def model(border: int) -> Int8Model:
    """Four images of every second pixel."""
    side = 6 + 2 * border
    quant = {"scale": 0.1, "zero_point": -7}
    content = single_operator(
        "SPACE_TO_BATCH_ND",
        [
            tensor((1, 6, 6, 3), **quant),  # type: ignore[arg-type]
            constant([2, 2]),
            constant([[border, border], [border, border]]),
        ],
        [tensor((4, side // 2, side // 2, 3), **quant)],  # type: ignore[arg-type]
    )
    graph = tflite.read(content, "m")
    return Int8Model(content, graph, passes.simplify(graph))


@pytest.mark.invariant("S19")
def test_a_border_is_the_references_to_say() -> None:
    image = np.full((2, 1, 6, 6, 3), 5, np.int8)
    truth = oracle.expected(model(1), [image])
    assert truth.name == oracle.REFERENCE
    assert "leaves the border as its memory happens to be" in truth.note
    assert truth.refusal is None
    for sample, output in zip(image, truth.outputs[0], strict=True):
        np.testing.assert_array_equal(output, run_litert(model(1).content, [sample])[0])
        assert set(np.unique(output)) == {-7, 5}


def test_without_a_border_tflm_is_asked() -> None:
    pytest.importorskip("tflite_micro", reason="the tflite-micro wheel is not installed")
    truth = oracle.expected(model(0), [np.full((1, 1, 6, 6, 3), 5, np.int8)])
    assert truth.name.startswith("TensorFlow Lite Micro")
