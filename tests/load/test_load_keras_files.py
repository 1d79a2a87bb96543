"""Keras files and SavedModels of either Keras, opened; and those that must not be opened."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tests.load import keras_builders
from tinygen.errors import InputError, UntrustedModel
from tinygen.ir import DType, Edge
from tinygen.load import KerasModel, SavedModel, load

IMAGE = (8, 8, 1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keras_files")
    for package in ("keras", "tf_keras"):
        keras = keras_builders.keras_module(package)
        model = keras_builders.small_cnn(keras)
        for suffix in (".h5", ".keras"):
            model.save(str(folder / f"{package}{suffix}"))
        model.export(str(folder / f"{package}_export"))
        if package == "tf_keras":
            model.save(str(folder / "tf_keras_saved"), save_format="tf")
    return folder


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_each_file_is_opened_by_the_keras_that_wrote_it(
    files: Path, package: str, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    loaded = load(files / f"{package}{suffix}")
    assert loaded.loader.startswith(f"{package} ")
    assert loaded.attempts == ()
    assert loaded.format == ("keras-h5" if suffix == ".h5" else "keras-v3")
    assert [edge.sample for edge in loaded.inputs] == [IMAGE]
    assert loaded.outputs == ("classes",)
    assert loaded.name == package
    assert isinstance(loaded, KerasModel)
    assert capfd.readouterr() == ("", "")


def test_content_decides_not_the_suffix(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "renamed.h5"
    path.write_bytes((files / "keras.keras").read_bytes())
    assert load(path).format == "keras-v3"


def test_fallback_says_why_the_first_loader_failed(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "relabelled.keras"
    with zipfile.ZipFile(files / "keras.keras") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "metadata.json":
                content = json.dumps({"keras_version": "2.15.0"}).encode()
            target.writestr(name, content)
    loaded = load(path)
    assert loaded.loader.startswith("keras 3")
    assert [attempt.loader.split()[0] for attempt in loaded.attempts] == ["tf_keras"]
    assert "\n" not in str(loaded.attempts[0])
    assert loaded.attempts[0].why


def test_a_file_that_no_loader_opens_names_both(tmp_path: Path) -> None:
    path = tmp_path / "broken.h5"
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}]}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(InputError) as caught:
        load(path)
    assert "keras 3" in caught.value.why
    assert "tf_keras 2" in caught.value.why
    assert len(caught.value.why.splitlines()) == 2


@pytest.mark.parametrize("name", ["keras_export", "tf_keras_export", "tf_keras_saved"])
def test_saved_models(files: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    loaded = load(files / name)
    assert loaded.format == "saved-model"
    assert "SavedModel" in loaded.loader
    assert isinstance(loaded, SavedModel)
    assert [edge.sample for edge in loaded.inputs] == [IMAGE]
    assert len(loaded.outputs) == 1
    assert capfd.readouterr() == ("", "")


def test_hash_of_a_folder_is_that_of_names_and_contents(files: Path, tmp_path: Path) -> None:
    import shutil

    first = load(files / "keras_export").sha256
    copy = tmp_path / "other_name"
    shutil.copytree(files / "keras_export", copy)
    (copy / "notes.txt").write_text("not part of the model")
    assert load(copy).sha256 == first
    (copy / "assets").mkdir(exist_ok=True)
    (copy / "assets" / "vocabulary").write_text("x")
    assert load(copy).sha256 != first


def test_truncated_saved_model(files: Path, tmp_path: Path) -> None:
    content = (files / "keras_export" / "saved_model.pb").read_bytes()
    (tmp_path / "saved_model.pb").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError):
        load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(content)  # the variables are missing
    with pytest.raises(InputError, match="cannot be loaded"):
        load(tmp_path)


def save(package: str, path: Path, build: Callable[[Any], Any]) -> Path:
    keras = keras_builders.keras_module(package)
    build(keras).save(str(path))
    return path


def test_open_shape_is_refused(tmp_path: Path) -> None:
    def build(keras: Any) -> Any:
        inputs = keras.layers.Input((None, None, 3), name="photo")
        return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(inputs))

    with pytest.raises(InputError, match="no fixed shape") as caught:
        load(save("keras", tmp_path / "open.keras", build))
    assert "(?, ?, ?, 3)" in caught.value.why


def test_unbuilt_model_is_refused(tmp_path: Path) -> None:
    def build(keras: Any) -> Any:
        return keras.Sequential([keras.layers.Dense(3)])

    with pytest.raises(InputError, match="shape of its input"):
        load(save("keras", tmp_path / "unbuilt.keras", build))


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32"])
@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_what_an_embedding_reads_is_int32(tmp_path: Path, package: str, dtype: str) -> None:
    def build(keras: Any) -> Any:
        words = keras.layers.Input((5,), dtype=dtype, name="words")
        return keras.Model(words, keras.layers.Embedding(10, 4)(words))

    (edge,) = load(save(package, tmp_path / "words.keras", build)).inputs
    assert (edge.dtype, edge.limit, edge.shape) == (DType.INT32, 10, (1, 5))


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_what_else_is_computed_with_stays_a_real_number(tmp_path: Path, package: str) -> None:
    def build(keras: Any) -> Any:
        layers = keras.layers
        words = layers.Input((5,), name="words")
        found = layers.Flatten()(layers.Embedding(10, 4)(words))
        return keras.Model(words, layers.Concatenate()([layers.Dense(3)(words), found]))

    (edge,) = load(save(package, tmp_path / "words.keras", build)).inputs
    assert edge.dtype is DType.FLOAT32


def test_the_first_layer_of_a_sequential_may_look_up(tmp_path: Path) -> None:
    def build(keras: Any) -> Any:
        layers = keras.layers
        return keras.Sequential([layers.Input((5,)), layers.Embedding(10, 4), layers.Flatten()])

    for package in ("keras", "tf_keras"):
        (edge,) = load(save(package, tmp_path / f"{package}.keras", build)).inputs
        assert edge.dtype is DType.INT32


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_inputs_and_outputs_keep_their_order(tmp_path: Path, package: str) -> None:
    def build(keras: Any) -> Any:
        layers = keras.layers
        first, second = layers.Input((4,), name="zulu"), layers.Input((2,), name="alpha")
        joined = layers.Concatenate()([first, second])
        outputs = [layers.Dense(3, name="yankee")(joined), layers.Dense(2, name="bravo")(joined)]
        return keras.Model([first, second], outputs)

    loaded = load(save(package, tmp_path / "two.keras", build))
    assert loaded.inputs == (Edge.real("zulu", (1, 4)), Edge.real("alpha", (1, 2)))
    assert loaded.outputs == ("yankee", "bravo")


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("package", ["keras", "tf_keras"])
@pytest.mark.invariant("S1")
def test_lambda_is_not_run(tmp_path: Path, package: str, suffix: str) -> None:
    marker = tmp_path / "was_here"
    path = save(
        package,
        tmp_path / f"evil{suffix}",
        lambda keras: keras_builders.lambda_model(keras, str(marker)),
    )
    marker.unlink(missing_ok=True)  # building the model ran the layer
    with pytest.raises(UntrustedModel) as caught:
        load(path)
    assert not marker.exists()
    assert "sneaky" in caught.value.why
    assert caught.value.exit_code == 2
    # The danger is real: a trusted file brings its code, which runs with the model at the latest.
    trusted = load(path, trust_model=True)
    assert isinstance(trusted, KerasModel)
    trusted.model(np.zeros((1, 4), np.float32))
    assert marker.exists()


def replace_config(source: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)


@pytest.mark.invariant("S1")
def test_foreign_module_is_not_imported(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "was_here"
    (tmp_path / "evil_module.py").write_text(
        f"open({str(marker)!r}, 'w').close()\nclass Dense: ..."
    )
    monkeypatch.syspath_prepend(tmp_path)

    def change(config: dict[str, Any]) -> None:
        config["config"]["layers"][-1]["module"] = "evil_module"

    path = tmp_path / "evil.keras"
    replace_config(files / "tf_keras.keras", path, change)
    with pytest.raises(UntrustedModel, match="evil") as caught:
        load(path)
    assert "evil_module" in caught.value.why
    assert "classes" in caught.value.why
    assert not marker.exists()
    assert "evil_module" not in sys.modules


@pytest.mark.invariant("S4")
def test_weights_from_another_file_are_refused(files: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["key"] = np.arange(4)
    for kind in ("link", "external"):
        path = tmp_path / f"{kind}.h5"
        path.write_bytes((files / "tf_keras.h5").read_bytes())
        with h5py.File(path, "a") as file:
            if kind == "link":
                file["model_weights/stolen"] = h5py.ExternalLink(str(secret), "key")
            else:
                file.create_dataset(
                    "model_weights/stolen", (4,), "u1", external=[(str(secret), 0, 4)]
                )
        with pytest.raises(UntrustedModel, match="could run code") as caught:
            load(path)
        assert "stolen" in caught.value.why


@pytest.mark.invariant("S4")
def test_archive_with_more_than_a_model_is_refused(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "more.keras"
    path.write_bytes((files / "keras.keras").read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("model.weights.npz", b"pickles")
    with pytest.raises(UntrustedModel) as caught:
        load(path)
    assert "model.weights.npz" in caught.value.why


def save_graph(folder: Path, function: Callable[[Any, Any], Any], child: Any = None) -> None:
    import tensorflow

    module = tensorflow.Module()
    module.child = child
    module.serve = tensorflow.function(
        lambda x: function(tensorflow, x),
        input_signature=[tensorflow.TensorSpec((None, 4), tensorflow.float32, name="x")],
    )
    tensorflow.saved_model.save(
        module, str(folder), signatures={"serving_default": module.serve.get_concrete_function()}
    )


def write_file(tensorflow: Any, x: Any) -> Any:
    with tensorflow.control_dependencies([tensorflow.io.write_file("/dev/null", "x")]):
        return {"y": tensorflow.identity(x)}


def read_file(tensorflow: Any, x: Any) -> Any:
    size = tensorflow.strings.length(tensorflow.io.read_file("/etc/hostname"))
    return {"y": x * tensorflow.cast(size, tensorflow.float32)}


def call_python(tensorflow: Any, x: Any) -> Any:
    return {"y": tensorflow.numpy_function(lambda v: v, [x], tensorflow.float32)}


def write_file_in_a_branch(tensorflow: Any, x: Any) -> Any:
    return tensorflow.cond(
        tensorflow.reduce_sum(x) > 0,
        lambda: write_file(tensorflow, x),
        lambda: {"y": x},
    )


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (write_file, "WriteFile"),
        (read_file, "ReadFile"),
        (call_python, "PyFunc"),
        (write_file_in_a_branch, "WriteFile"),
    ],
)
@pytest.mark.invariant("S1")
def test_saved_model_that_touches_the_machine_is_refused(
    tmp_path: Path, function: Callable[[Any, Any], Any], operation: str
) -> None:
    keras_builders.keras_module("keras")
    save_graph(tmp_path, function)
    with pytest.raises(UntrustedModel) as caught:
        load(tmp_path)
    assert operation in caught.value.why
    if operation != "PyFunc":
        assert load(tmp_path, trust_model=True).outputs == ("y",)


@pytest.mark.invariant("S1")
def test_saved_model_that_runs_at_loading_is_refused(tmp_path: Path) -> None:
    keras_builders.keras_module("keras")
    import tensorflow

    table = tensorflow.lookup.StaticHashTable(
        tensorflow.lookup.KeyValueTensorInitializer([1], [2]), -1
    )
    save_graph(tmp_path, lambda _, x: {"y": x}, child=table)
    with pytest.raises(UntrustedModel) as caught:
        load(tmp_path)
    assert "while it is loaded" in caught.value.why


def test_stderr_still_reaches_the_terminal() -> None:
    """What the program itself writes while TensorFlow is silenced is shown."""
    script = (
        "import sys, threading, os\n"
        "from pathlib import Path\n"
        "from tinygen.load.quiet import quiet\n"
        "with quiet() as noise:\n"
        "    os.write(2, b'noise of C++')\n"
        "    print('progress', file=sys.stderr)\n"
        "    assert noise.text() == 'noise of C++'\n"
        "print('after', file=sys.stderr)\n"
        "os.write(2, b'raw')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr == "progress\nafter\nraw"


def test_benchmark_models(models: Path) -> None:
    loaded = load(models / "vww_96.h5")
    assert loaded.loader.startswith("tf_keras ")
    assert loaded.inputs == (Edge.real("input_1", (1, 96, 96, 3)),)
    assert load(models / "kws_ref_model").inputs == (Edge.real("input_1", (1, 49, 10, 1)),)
