"""`--sqnr`: as few layers on int16 as the goal takes; runtimes compute what the reference does."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinygen import tflite
from tinygen.api.fidelity import fidelity_of
from tinygen.api.prepare import prepare
from tinygen.api.prepared import Prepared
from tinygen.errors import InputError
from tinygen.ir import DType, Graph
from tinygen.options import ModelOptions
from tinygen.progress import SILENT
from tinygen.proof import oracle
from tinygen.proof.fidelity import codes_of

keras = pytest.importorskip("keras")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A residual, a tensor that three read, a gate and a softmax; and samples."""
    layers = keras.layers
    keras.utils.set_random_seed(1)
    image = keras.Input((6, 6, 3), name="image")
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="first")(image)
    y = layers.LeakyReLU()(layers.DepthwiseConv2D(3, padding="same")(x))
    x = layers.MaxPooling2D(2)(layers.Add()([x, y]))
    gate = layers.Dense(6, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
    x = layers.Multiply()([x, layers.Reshape((1, 1, 6))(gate)])
    x = layers.Concatenate()([x, layers.Conv2D(4, 1, activation="tanh")(x)])
    scores = layers.Dense(5, activation="softmax", name="scores")(layers.Flatten()(x))
    folder = tmp_path_factory.mktemp("mixed")
    keras.Model(image, scores).save(folder / "m.keras")
    values = np.random.default_rng(0).normal(size=(40, 6, 6, 3)).astype(np.float32)
    np.save(folder / "x.npy", values)
    return folder / "m.keras", folder / "x.npy"


@functools.cache
def prepared(saved: tuple[Path, Path], **options: object) -> Prepared:
    model, data = saved
    return prepare(model, ModelOptions(data=data, **options))  # type: ignore[arg-type]


def types(graph: Graph) -> set[DType]:
    return {graph.tensors[n.outputs[0]].dtype for n in graph.nodes}


@pytest.mark.parametrize(("goal", "keep_edges"), [(42.0, False), (47.0, False), (46.0, True)])
def test_a_goal_is_reached_by_some_layers(
    saved: tuple[Path, Path], goal: float, keep_edges: bool
) -> None:
    ready = prepared(saved, sqnr=goal, keep_edges=keep_edges)
    assert ready.mix is not None
    told = ready.mix.told
    assert told.int8_db < goal <= told.mixed_db
    assert told.int16_db is not None
    assert 0 < len(told.layers) < told.of
    assert codes_of(ready.model.graph) == "int8 and int16"
    assert ready.outputs[0].dtype is (DType.FLOAT32 if keep_edges else DType.INT16)
    require_equal(ready)


def require_equal(ready: Prepared) -> None:
    """What the wheel computes of the file is what the reference does."""
    edges = [ready.model.graph.tensors[i] for i in ready.model.graph.inputs]
    rng = np.random.default_rng(1)
    inputs = [
        rng.normal(size=(30, *t.shape)).astype(np.float32)
        if t.dtype is DType.FLOAT32
        else rng.integers(t.dtype.low, t.dtype.high + 1, (30, *t.shape)).astype(t.dtype.numpy)
        for t in edges
    ]
    made = oracle.expected(ready.model, inputs)
    assert made.name.startswith("TensorFlow Lite Micro")
    rows = list(oracle.reference(ready.model.graph, inputs, np.ones(30, np.bool_)))
    assert np.array_equal(made.outputs[0], np.stack([row[0] for row in rows]))


def test_no_more_than_it_takes(saved: tuple[Path, Path]) -> None:
    few, more = (prepared(saved, sqnr=goal, keep_edges=False).mix for goal in (42.0, 47.0))
    assert few is not None
    assert more is not None
    assert len(few.told.layers) < len(more.told.layers)
    assert few.told.layers[-1].operator == "SOFTMAX"  # whose eight bits cost most
    assert more.told.mixed_db > few.told.mixed_db


def test_where_int8_suffices_nothing_changes(saved: tuple[Path, Path]) -> None:
    ready = prepared(saved, sqnr=20.0)
    assert ready.mix is not None
    assert ready.mix.told.layers == ()
    assert "no layer needs int16" in ready.mix.told.text
    assert ready.model.content == prepared(saved).model.content


def test_what_cannot_be_reached_says_how_far_and_which_layer(saved: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="--sqnr 90 cannot be reached") as caught:
        prepared(saved, sqnr=90.0)
    why = caught.value.why or ""
    assert "dB with int8, and" in why
    assert "loses most there" in why


def test_the_file_holds_nothing_that_nobody_reads(saved: tuple[Path, Path]) -> None:
    ready = prepared(saved, sqnr=47.0, keep_edges=False)
    assert ready.mix is not None
    assert ready.mix.int16 is not None
    file = tflite.parse(ready.model.content, "mixed")
    named = {i for call in file.calls for i in (*call.inputs, *call.outputs)} - {-1}
    assert named == set(range(len(file.tensors)))
    assert len(ready.model.content) < len(ready.mix.int8) + len(ready.mix.int16) / 2


def test_fidelity_of_a_mixed_model_knows_its_layers(saved: tuple[Path, Path]) -> None:
    ready, narrow = prepared(saved, sqnr=42.0, keep_edges=False), prepared(saved)
    found, before = fidelity_of(ready, SILENT), fidelity_of(narrow, SILENT)
    assert found.outputs[0].codes == "int8 and int16"
    assert found.outputs[0].distance.sqnr_db > before.outputs[0].distance.sqnr_db + 2
    mine, its = (
        next(one.alone_sqnr_db or 0.0 for one in result.layers if one.operator == "SOFTMAX")
        for result in (found, before)
    )
    assert mine > its + 20


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sqnr": -3.0}, "--sqnr is -3"),
        ({"sqnr": float("nan")}, "--sqnr is nan"),
        ({"sqnr": 30.0, "activations": "int16"}, "--sqnr was given with --activations int16"),
    ],
)
def test_nonsense_is_refused(change: dict[str, object], why: str) -> None:
    with pytest.raises(InputError, match=why):
        replace(ModelOptions(), **change)  # type: ignore[arg-type]


def test_what_has_no_int16_form_stays_int8(tmp_path: Path) -> None:
    """The converter has none of a hard swish, and an ELU is computed in float there."""
    layers = keras.layers
    keras.utils.set_random_seed(2)
    given = keras.Input((12,))
    x = layers.Dense(16, activation="hard_swish")(given)
    x = layers.Add()([x, layers.Dense(16, activation="elu")(x)])
    keras.Model(given, layers.Dense(3, activation="tanh")(x)).save(tmp_path / "m.keras")
    values = np.random.default_rng(0).normal(size=(30, 12)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    plain, ready = (
        prepared((tmp_path / "m.keras", tmp_path / "x.npy"), sqnr=goal) for goal in (1.0, 36.0)
    )
    assert plain.mix is not None
    assert ready.mix is not None
    told = ready.mix.told
    assert told.could is not None
    assert 0 < told.could < told.of
    assert told.mixed_db >= 36 > plain.mix.told.int8_db
    kinds = {one.operator for one in told.layers}
    assert "FULLY_CONNECTED" in kinds
    assert not kinds & {"HARD_SWISH", "ELU", "DEQUANTIZE"}


def _lstm(folder: Path, *, stateful: bool) -> tuple[Path, Path]:
    keras.utils.set_random_seed(3)
    given = keras.Input((3, 4), batch_size=1)
    steps = keras.layers.LSTM(5, stateful=stateful)(given)
    keras.Model(given, keras.layers.Dense(2)(steps)).save(folder / "m.keras")
    values = np.random.default_rng(0).normal(size=(20, 3, 4)).astype(np.float32)
    np.save(folder / "x.npy", values)
    return folder / "m.keras", folder / "x.npy"


def test_variables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a model with variables"):
        prepared(_lstm(tmp_path, stateful=True), sqnr=90.0)


def test_an_lstm_takes_part_step_by_step(tmp_path: Path) -> None:
    """The converter has no operator of int16 for all of its steps."""
    ready = prepared(_lstm(tmp_path, stateful=False), sqnr=45.0)
    assert "unrolled" in ready.opened.loader
    assert ready.mix is not None
    assert ready.mix.told.mixed_db >= 45 > ready.mix.told.int8_db
    assert codes_of(ready.model.graph) == "int8 and int16"
    require_equal(ready)
