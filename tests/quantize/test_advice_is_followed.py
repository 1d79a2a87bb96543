"""What refused models are told to do: each piece of advice is given, and works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.quantize.advice import TRIED, Save, Tried
from tests.regressions.keras_models import keras_module
from tinygen.api.prepare import prepare
from tinygen.engines import aot
from tinygen.errors import UnsupportedModel
from tinygen.options import ModelOptions
from tinygen.quantize import remedies


def _compile(save: Save, folder: Path) -> None:
    path = save(keras_module(), folder)
    ready = prepare(path, ModelOptions(data="random"))
    assert aot.compile_graph(aot.optimized(ready.model)).layers


@pytest.mark.parametrize("tried", TRIED, ids=lambda tried: tried.advice[:20])
def test_it_is_given_and_works(tried: Tried, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModel) as caught:
        _compile(tried.refused, tmp_path)
    assert tried.advice in caught.value.why
    assert "give the Keras model" not in caught.value.next_step
    for save in tried.mended:
        _compile(save, tmp_path)


def test_all_advice_is_tried() -> None:
    given = {*remedies.BY_CLASS.values(), *remedies.BY_OPERATOR.values()}
    given |= {remedies.MASK, remedies.OTHERWISE}
    assert given == {tried.advice for tried in TRIED}
