"""`--fidelity` names the layer that was made bad, and no other; what is not certain is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen import passes, project, tflite
from tinygen.api.fidelity import kept_fidelity
from tinygen.api.gates import judge, parse
from tinygen.api.inspect import InspectResult
from tinygen.api.prepare import prepare
from tinygen.ir import Array
from tinygen.options import ModelOptions
from tinygen.proof.causes import AWARE, EVEN_CHANNELS, FEWER_OUTLIERS, PRUNE, SMALLER_WEIGHTS, WIDER
from tinygen.proof.counterparts import counterparts
from tinygen.proof.layer_fidelity import FidelityResult, LayerFidelity
from tinygen.report.blocks import plain
from tinygen.report.text import inspect_report

FEATURES, SAMPLES = 12, 40
ODD = 17
"""The sample that has the last feature, which no other has."""


def network() -> Any:
    """first -> second -> squash (tanh) -> third -> scores, and a branch beside `third`."""
    import keras

    keras.utils.set_random_seed(7)
    given = keras.Input((FEATURES,), name="given")
    x = keras.layers.Dense(16, activation="relu", name="first")(given)
    x = keras.layers.Dense(16, name="second")(x)
    x = keras.layers.Activation("tanh", name="squash")(x)
    left = keras.layers.Dense(16, activation="relu", name="third")(x)
    right = keras.layers.Dense(16, activation="relu", name="beside")(x)
    x = keras.layers.Add(name="both")([left, right])
    return keras.Model(given, keras.layers.Dense(5, name="scores")(x))


def data(folder: Path) -> Path:
    values = np.random.default_rng(3).uniform(-1, 1, (SAMPLES, FEATURES)).astype(np.float32)
    values[:, -1] = 0
    values[ODD, -1] = 1
    np.savez(folder / "data.npz", values)
    return folder / "data.npz"


def looked(model: Any, folder: Path) -> FidelityResult:
    found = tinygen.inspect(model, data=data(folder), fidelity=True, board="qemu-cortex-m4")
    assert found.fidelity is not None
    return found.fidelity


def keras_name(name: str) -> str:
    """Keras numbers the layers of a model that is called once more."""
    return name.split("/", maxsplit=1)[0].removesuffix("_1")


def layer(result: FidelityResult, name: str) -> LayerFidelity:
    (found,) = (one for one in result.layers if keras_name(one.name) == name)
    return found


def wide_channel(model: Any) -> None:
    """One channel of `first` is 2,000 times as large, and counts as much as before."""
    kernel, bias = model.get_layer("first").get_weights()
    kernel[:, 4] *= 2000
    bias[4] *= 2000
    model.get_layer("first").set_weights([kernel, bias])
    kernel, bias = model.get_layer("second").get_weights()
    kernel[4] /= 2000
    model.get_layer("second").set_weights([kernel, bias])


def odd_sample(model: Any) -> None:
    """One sample makes every number of `second` large; behind it tanh makes it usual again."""
    kernel, bias = model.get_layer("first").get_weights()
    kernel[:, 3], bias[3] = 0, 0
    kernel[-1, 3] = 1
    model.get_layer("first").set_weights([kernel, bias])
    kernel, bias = model.get_layer("second").get_weights()
    kernel[3] = np.where(np.arange(16) % 2, 300, -300)
    model.get_layer("second").set_weights([kernel, bias])


def large_weight(model: Any) -> None:
    """What weighs a channel that is always zero is large in every filter of `second`."""
    dead_channel(model)
    kernel, bias = model.get_layer("second").get_weights()
    kernel[6] = 300
    model.get_layer("second").set_weights([kernel, bias])


def dead_channel(model: Any) -> None:
    kernel, bias = model.get_layer("first").get_weights()
    kernel[:, 6], bias[6] = 0, -1
    model.get_layer("first").set_weights([kernel, bias])


@pytest.mark.parametrize(
    ("plant", "guilty", "cause", "remedy"),
    [
        (wide_channel, "first", "channel 4 is", EVEN_CHANNELS),
        (odd_sample, "second", f"sample {ODD} reaches", FEWER_OUTLIERS),
        (large_weight, "second", "its weights lose the most", SMALLER_WEIGHTS),
    ],
)
def test_the_layer_that_was_made_bad_is_named_and_no_other(
    plant: Callable[[Any], None], guilty: str, cause: str, remedy: str, tmp_path: Path
) -> None:
    model = network()
    plant(model)
    result = looked(model, tmp_path)
    worst = result.worst
    assert worst is not None
    assert (keras_name(worst.name), worst.rank) == (guilty, 1)
    assert result.ranked[0] == worst.name
    assert worst.share is not None
    assert worst.share > 0.9
    assert any(cause in said for said in worst.causes)
    assert remedy in worst.remedies
    assert AWARE in worst.remedies
    assert (WIDER in worst.remedies) == (remedy != SMALLER_WEIGHTS)
    others = [one for one in result.layers if one is not worst]
    assert not any(cause in said for one in others for said in one.causes)
    assert all((one.alone_sqnr_db or 0) > (worst.alone_sqnr_db or 0) + 10 for one in others)


def test_a_good_model_has_no_guilty_layer(tmp_path: Path) -> None:
    result = looked(network(), tmp_path)
    assert result.reference
    assert (result.samples, result.samples_given) == (SAMPLES, SAMPLES)
    assert result.left_out == ()
    names = ["given", "first", "second", "squash", "third", "beside", "both", "scores"]
    assert {keras_name(one.name) for one in result.layers} == set(names)
    assert sum(one.share or 0 for one in result.layers) == pytest.approx(1)
    assert all(one.share is not None and one.share < 0.6 for one in result.layers)
    assert all(one.lost_channels == () and one.saturated < 0.01 for one in result.layers)
    last, (whole,) = layer(result, "scores"), result.outputs
    assert last.sqnr_db == pytest.approx(whole.distance.sqnr_db, abs=1e-3)
    assert last.alone_sqnr_db == pytest.approx(last.own_sqnr_db, abs=0.1)
    # Errors of layers are nearly independent: those alone add up to that of the whole.
    alone = sum(10 ** (-(one.alone_sqnr_db or 0) / 10) for one in result.layers)
    assert -10 * np.log10(alone) == pytest.approx(whole.distance.sqnr_db, abs=2)


def test_a_dead_channel_is_named(tmp_path: Path) -> None:
    model = network()
    before = {one.name: one.dead_channels for one in looked(model, tmp_path).layers}
    dead_channel(model)
    result = looked(model, tmp_path)
    first = layer(result, "first")
    assert (before[first.name], first.dead_channels) == ((), (6,))
    assert PRUNE in first.remedies
    after = {one.name: one.dead_channels for one in result.layers if one is not first}
    assert after.items() <= before.items()


def test_of_an_int8_file_the_codes_are_told_and_no_more(tmp_path: Path) -> None:
    values = np.random.default_rng(1).uniform(0, 16, (20, 8, 8, 1)).astype(np.float32)
    np.savez(tmp_path / "x.npz", values)
    found = tinygen.inspect(
        GOLDEN_MODEL, data=tmp_path / "x.npz", fidelity=True, board="qemu-cortex-m4"
    )
    result = found.fidelity
    assert result is not None
    assert (result.reference, result.outputs, result.worst) == ("", (), None)
    assert len(result.notes) == 2
    unknown = {(one.rank, one.share, one.own_sqnr_db, one.sqnr_db) for one in result.layers}
    assert unknown == {(None, None, None, None)}
    assert all(0 < one.range_used <= 1 for one in result.layers)
    page = plain(inspect_report(found))
    assert "cannot be known" in page
    assert "nan" not in page
    with pytest.raises(tinygen.InputError, match="no data to look at"):
        tinygen.inspect(GOLDEN_MODEL, fidelity=True)


def test_a_project_keeps_it_and_a_gate_reads_it(tmp_path: Path) -> None:
    model = network()
    wide_channel(model)
    made = tinygen.generate(
        model, board="qemu-cortex-m4", data=data(tmp_path), fidelity=True, out=tmp_path / "p"
    )
    assert kept_fidelity(project.open_project(tmp_path / "p")) == made.layer_fidelity
    found = tinygen.inspect(model, data=data(tmp_path), fidelity=True, board="qemu-cortex-m4")
    assert found.fidelity == made.layer_fidelity
    gates = parse(["alone_sqnr < 20", "alone_sqnr < -90"], InspectResult)
    assert [one.failed for one in judge(gates, found)] == [True, False]


class Both:
    """The two models of one conversion."""

    def __init__(self, folder: Path) -> None:
        network().save(folder / "m.keras")
        ready = prepare(folder / "m.keras", ModelOptions(data=data(folder)))
        assert ready.float_tflite is not None
        self.graph = passes.simplify(ready.model.written)
        self.file = tflite.parse(ready.float_tflite, "float")

    def without(self, name: str) -> tflite.File:
        """The float model, in which no operator makes that."""
        kept = (call for call in self.file.calls if self.named(call.outputs[0]) != name)
        return replace(self.file, calls=tuple(kept))

    def named(self, tensor: int) -> str:
        return keras_name(self.file.tensors[tensor].name)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("both"))


def test_every_layer_has_its_own_counterpart(both: Both) -> None:
    pairs = counterparts(both.graph, both.file)
    assert pairs.left_out == {}
    for mine, its in pairs.tensors.items():
        assert keras_name(both.graph.tensors[mine].name) == both.named(its)


def test_of_two_that_could_be_meant_the_name_decides(both: Both) -> None:
    """`third` and `beside` read one tensor and have one shape. Under strange names neither is
    taken, nor what reads them without weights of its own; what has weights is found again."""
    tensors = list(both.file.tensors)
    for call in both.file.calls:
        if both.named(call.outputs[0]) in ("third", "beside"):
            tensors[call.outputs[0]] = replace(tensors[call.outputs[0]], name="strange")
    pairs = counterparts(both.graph, replace(both.file, tensors=tuple(tensors)))
    why = {both.graph.nodes[at].outputs[0]: said for at, said in pairs.left_out.items()}
    said = {keras_name(both.graph.tensors[i].name): words for i, words in why.items()}
    assert said.keys() == {"third", "beside", "both"}
    assert "2 operators that it could be" in said["third"]
    assert "has no counterpart" in said["both"]


def test_what_the_float_model_has_not_is_left_out(both: Both) -> None:
    pairs = counterparts(both.graph, both.without("squash"))
    left = {both.graph.nodes[at].op.kind: said for at, said in pairs.left_out.items()}
    assert left["TANH"] == "the float model has no operator like it"
    names = {keras_name(both.graph.tensors[i].name) for i in pairs.tensors}
    assert {"given", "first", "second", "third", "beside"} <= names


def test_other_weights_under_the_same_name_are_no_counterpart(both: Both) -> None:
    """Where what a layer reads is not known, its name alone is not enough."""
    file = both.without("squash")
    tensors = [*file.tensors]
    for call in file.calls:
        if both.named(call.outputs[0]) == "third":
            weights = call.inputs[1]
            negative: Array = -file.tensors[weights].data.view("<f4")  # type: ignore[union-attr]
            tensors[weights] = replace(file.tensors[weights], data=negative.view(np.uint8))
    pairs = counterparts(both.graph, replace(file, tensors=tuple(tensors)))
    names = {keras_name(both.graph.tensors[i].name) for i in pairs.tensors}
    assert "beside" in names
    assert "third" not in names
