"""`--fidelity` of a model with an LSTM, or with variables, ended in "Input tensor 0 lacks data":
what an operator remembers by itself has no counterpart that is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygen


def _lstm(keras: Any) -> tuple[Any, Any]:
    given = keras.Input((4, 5))
    return given, keras.layers.LSTM(8)(given)


def _stateful_lstm(keras: Any) -> tuple[Any, Any]:
    given = keras.Input((1, 5), batch_size=1)
    return given, keras.layers.LSTM(8, stateful=True)(given)


def _stateful_gru(keras: Any) -> tuple[Any, Any]:
    given = keras.Input((1, 5), batch_size=1)
    return given, keras.layers.GRU(8, stateful=True)(given)


@pytest.mark.parametrize(
    ("layers", "kind"),
    [
        (_lstm, "UNIDIRECTIONAL_SEQUENCE_LSTM"),
        (_stateful_lstm, "UNIDIRECTIONAL_SEQUENCE_LSTM"),
        (_stateful_gru, "LOGISTIC"),
    ],
)
def test_its_layers_lose_what_eight_bits_lose(layers: Any, kind: str) -> None:
    import keras

    keras.utils.set_random_seed(5)
    given, made = layers(keras)
    model = keras.Model(given, keras.layers.Dense(4)(made))
    data = np.random.default_rng(2).uniform(-1, 1, (100, *given.shape[1:])).astype(np.float32)
    found = tinygen.inspect(model, data=data, fidelity=True, board="qemu-cortex-m4").fidelity
    assert found is not None
    mine = [layer for layer in found.layers if layer.operator == kind]
    assert mine
    for layer in mine:
        assert layer.own_sqnr_db is not None, layer
        assert layer.own_sqnr_db > 30, layer
