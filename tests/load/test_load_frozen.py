"""Frozen graphs: inputs and outputs are found, what could touch the machine is refused unopened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygen.data import Dataset
from tinygen.errors import InputError, TinygenError, UnsupportedModel, UntrustedModel
from tinygen.load import SavedModel, load
from tinygen.quantize import quantize

tensorflow = pytest.importorskip("tensorflow")
v1 = tensorflow.compat.v1

NUMBERS = np.random.default_rng(2)
KERNEL = NUMBERS.normal(size=(3, 3, 2, 4)).astype(np.float32)


def save(path: Path, build: Callable[[], Any], change: Callable[[Any], None] | None = None) -> Path:
    """The graph that `build` makes, in a file."""
    with v1.Graph().as_default() as graph:
        build()
        definition = graph.as_graph_def()
    if change is not None:
        change(definition)
    path.write_bytes(definition.SerializeToString())
    return path


def network(shape: tuple[int | None, ...] = (None, 6, 8, 2)) -> None:
    """As slim writes them: a placeholder, a dropout that is off, two results."""
    image = v1.placeholder(tensorflow.float32, shape, name="image")
    keep = v1.placeholder_with_default(np.float32(1), (), name="keep")
    found = tensorflow.nn.conv2d(image, KERNEL, 2, "SAME", name="conv")
    found = tensorflow.nn.relu(found * keep, name="relu")
    pooled = tensorflow.reduce_mean(found, (1, 2), name="pooled")
    tensorflow.nn.softmax(pooled, name="probabilities")
    tensorflow.identity(found, name="map")
    v1.placeholder(tensorflow.string, (), name="labels_that_nobody_needs")


def expected(image: np.ndarray) -> np.ndarray:
    found = tensorflow.nn.relu(tensorflow.nn.conv2d(image, KERNEL, 2, "SAME"))
    return np.asarray(tensorflow.nn.softmax(tensorflow.reduce_mean(found, (1, 2))))


def test_what_goes_in_and_comes_out_is_found(tmp_path: Path) -> None:
    loaded = load(save(tmp_path / "net.pb", network))
    assert isinstance(loaded, SavedModel)
    assert (loaded.format, loaded.outputs) == ("frozen-graph", ("probabilities", "map"))
    assert [(edge.name, edge.shape) for edge in loaded.inputs] == [("image", (1, 6, 8, 2))]
    image = NUMBERS.normal(size=(20, 6, 8, 2)).astype(np.float32)
    given = loaded.function.function(image=tensorflow.constant(image[:1]))
    np.testing.assert_allclose(given["probabilities"], expected(image[:1]), atol=1e-6)
    made = quantize(loaded, Dataset((image,), None, "normal", ()))
    kinds = [node.op.kind for node in made.graph.nodes]
    assert {"CONV_2D", "MEAN", "SOFTMAX"} == set(kinds)


def test_an_open_size_is_asked_for_and_taken(tmp_path: Path) -> None:
    path = save(tmp_path / "net.pb", lambda: network((None, None, None, 2)))
    with pytest.raises(InputError, match="no fixed shape") as caught:
        load(path)
    assert "--input-shape 96x96x2" in (caught.value.next_step or "")
    (edge,) = load(path, shapes={"": (10, 12, 2)}).inputs
    assert edge.shape == (1, 10, 12, 2)
    with pytest.raises(InputError, match="no input 'photo'"):
        load(path, shapes={"photo": (10, 12, 2)})


def test_what_comes_out_can_be_said(tmp_path: Path) -> None:
    def build() -> None:
        network()
        scores = v1.get_default_graph().get_tensor_by_name("probabilities:0")
        tensorflow.argmax(scores, 1, name="classes")

    path = save(tmp_path / "net.pb", build)
    with pytest.raises(UnsupportedModel, match=r"'classes' of 'net\.pb' is int64") as caught:
        load(path)
    assert caught.value.next_step == "leave it out: --signature map"
    assert load(path, signature="probabilities,map").outputs == ("probabilities", "map")
    assert load(path, signature="relu").outputs == ("relu",)
    with pytest.raises(InputError, match="no node 'scores'") as unknown:
        load(path, signature="relu,scores")
    assert "map, classes" in unknown.value.why


def writes() -> None:
    x = v1.placeholder(tensorflow.float32, (1, 4), name="x")
    with tensorflow.control_dependencies([tensorflow.io.write_file("/dev/null", "x")]):
        tensorflow.identity(x, name="y")


def reads() -> None:
    x = v1.placeholder(tensorflow.float32, (1, 4), name="x")
    size = tensorflow.strings.length(tensorflow.io.read_file("/etc/hostname"))
    tensorflow.multiply(x, tensorflow.cast(size, tensorflow.float32), name="y")


def calls() -> None:
    x = v1.placeholder(tensorflow.float32, (1, 4), name="x")
    tensorflow.identity(v1.py_func(lambda v: v, [x], tensorflow.float32), name="y")


def prints() -> None:
    x = v1.placeholder(tensorflow.float32, (1, 4), name="x")
    v1.Print(x, [x], name="y")


def writes_in_a_function() -> None:
    x = v1.placeholder(tensorflow.float32, (1, 4), name="x")

    def inside(value: Any) -> Any:
        with tensorflow.control_dependencies([tensorflow.io.write_file("/dev/null", "x")]):
            return tensorflow.identity(value)

    tensorflow.identity(tensorflow.function(inside, autograph=False)(x), name="y")


@pytest.mark.parametrize(
    ("build", "operation"),
    [
        (writes, "WriteFile"),
        (reads, "ReadFile"),
        (calls, "PyFunc"),
        (prints, "Print"),
        (writes_in_a_function, "WriteFile"),
    ],
)
@pytest.mark.invariant("S1")
def test_what_touches_the_machine_is_refused(
    tmp_path: Path, build: Callable[[], None], operation: str
) -> None:
    path = save(tmp_path / "net.pb", build)
    with pytest.raises(UntrustedModel) as caught:
        load(path)
    assert operation in caught.value.why
    assert load(path, trust_model=True).outputs == ("y",)


@pytest.mark.invariant("S1")
def test_what_no_output_needs_never_runs(tmp_path: Path) -> None:
    """What writes its checkpoints has no result, so that nothing of it is loaded."""
    marker = tmp_path / "was_here"

    def build() -> None:
        network()
        v1.write_file(str(marker), "x", name="saver")

    loaded = load(save(tmp_path / "net.pb", build))
    assert isinstance(loaded, SavedModel)
    loaded.function.function(image=tensorflow.zeros((1, 6, 8, 2)))
    assert not marker.exists()


def variables() -> None:
    x = v1.placeholder(tensorflow.float32, (1, 4), name="x")
    weights = v1.Variable(np.ones((4, 3), np.float32), use_resource=False, name="weights")
    tensorflow.matmul(x, weights, name="y")


def training() -> None:
    x = v1.placeholder(tensorflow.float32, (1, 4), name="x")
    used = v1.placeholder(tensorflow.bool, (), name="is_training")
    tensorflow.where(used, x, 2 * x, name="y")


def swirl(definition: Any) -> None:
    for node in definition.node:
        if node.op == "Relu":
            node.op = "Swirl"


def not_finite() -> None:
    x = v1.placeholder(tensorflow.float32, (1, 4), name="x")
    tensorflow.multiply(x, tensorflow.constant([1, np.nan, 3, 4], name="scales"), name="y")


def huge(definition: Any) -> None:
    for node in definition.node:
        if node.op == "Const":
            node.attr["value"].tensor.tensor_shape.dim.add(size=1 << 40)


@pytest.mark.parametrize(
    ("build", "change", "kind", "words"),
    [
        (network, swirl, UnsupportedModel, ("TensorFlow does not have", "Swirl ('relu')")),
        (variables, None, InputError, ("not frozen", "'weights'", "constants")),
        (training, None, UnsupportedModel, ("trained or used", "is_training")),
        (not_finite, None, InputError, ("not finite", "scales")),
        (network, huge, InputError, ("too large",)),
        (lambda: v1.constant(1.0), None, InputError, ("computes nothing",)),
        (lambda: tensorflow.add(1.0, 2.0), None, InputError, ("has no input",)),
    ],
)
def test_what_is_no_model_is_told(
    tmp_path: Path,
    build: Callable[[], None],
    change: Callable[[Any], None] | None,
    kind: type[TinygenError],
    words: tuple[str, ...],
) -> None:
    with pytest.raises(kind) as caught:
        load(save(tmp_path / "net.pb", build, change))
    said = f"{caught.value.what}\n{caught.value.why}\n{caught.value.next_step}"
    for word in words:
        assert word in said


@pytest.mark.invariant("S2")
def test_damaged_files_are_told(tmp_path: Path) -> None:
    content = save(tmp_path / "net.pb", network).read_bytes()
    (tmp_path / "cut.pb").write_bytes(content[: len(content) // 2])
    (tmp_path / "other.pb").write_bytes(b"\xff\xff no protocol buffer")
    (tmp_path / "saved_model.pb").write_bytes(content)
    for name in ("cut", "other", "saved_model"):
        with pytest.raises(InputError):
            load(tmp_path / f"{name}.pb")
    with pytest.raises(InputError, match="one file of a SavedModel"):
        load(tmp_path / "saved_model.pb")
