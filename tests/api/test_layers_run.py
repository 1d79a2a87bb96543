"""Whose fault it is that a layer computes something else: its own, or of who wrote over what it
reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pytest

from tinygen.api.layers_run import LayersRun
from tinygen.engines.traced import Traced, TracedLayer, TracedOutput
from tinygen.ir import Array, DType, Graph, Tensor, TensorId
from tinygen.proof.vectors import Vectors

VALUES: Mapping[TensorId, Array] = {i: np.full((1, 4), i, np.int8) for i in range(1, 6)}


def layer(index: int, *inputs: int) -> TracedLayer:
    """It writes the tensor behind its number."""
    written = Tensor(index + 1, f"net/layer_{index}/Relu", (1, 4), DType.INT8)
    return TracedLayer(
        index=index,
        operators=("ADD",),
        name=f"layer_{index}",
        keras_layers=(),
        kernel_set="portable",
        kernel="add",
        plain=True,
        why="",
        macs=0,
        inputs=inputs,
        outputs=(TracedOutput(written, None, 0),),
        constant_bytes=0,
        ram_bytes=0,
        scratch_bytes=0,
    )


class Device:
    """Where a tensor lies something else does, from the end of some layer on."""

    def __init__(self, damaged: int, since: int) -> None:
        self.damaged, self.since, self.asked = damaged, since, 0

    def tensor(self, _: Any, layer: int, output: int, *, stay: int) -> bytes:
        self.asked += 1
        assert output == 0
        wrong = layer == self.damaged and stay >= self.since
        return b"over" if wrong else VALUES[layer + 1].tobytes()


def blame(device: Device, number: int) -> tuple[bool | None, str, int | None]:
    layers = (layer(0, 0), layer(1, 1), layer(2, 2), layer(3, 3, 1), layer(4, 9))
    traced = Traced(cast("Graph", None), layers)
    run = LayersRun(cast("Any", None), traced, _one_vector())
    return run._inputs(cast("Any", device), 0, VALUES, number)


def _one_vector() -> Vectors:
    one = (np.zeros((1, 1), np.int8),)
    return Vectors(one, one, oracle="", origins=("random",), labels=np.array([-1]))


@pytest.mark.parametrize("since", [1, 2])
def test_the_layer_that_wrote_over_an_input_is_found(since: int) -> None:
    told = "'layer_0/Relu', written by layer 0, ADD layer_0"
    assert blame(Device(0, since), 3) == (False, told, since)


def test_an_input_that_is_right_is_asked_for_once() -> None:
    device = Device(4, 0)
    assert blame(device, 3) == (True, "", None)
    assert device.asked == 2


def test_one_that_differs_only_now_is_nobodys() -> None:
    """It was right by its checksum, and the next layer is the one that reads it."""
    assert blame(Device(2, 2), 3)[2] is None


def test_what_no_layer_wrote_is_not_known() -> None:
    assert blame(Device(0, 0), 4) == (None, "", None)
    assert blame(Device(0, 0), 0) == (True, "", None), "the device checks the model's inputs"
