"""What a Keras configuration may name: only what is known to be harmless."""

from __future__ import annotations

from typing import Any

import pytest

from tinygen.errors import UntrustedModel
from tinygen.load.keras_config import check_config


def model_with(*layers: Any) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "net", "layers": list(layers)}}


def keras_3(class_name: str, module: str | None = "keras.layers", **config: Any) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": "layer_7", **config},
        "registered_name": None,
    }


HARMLESS = {
    "keras 2": {"class_name": "Dense", "config": {"name": "d", "activation": "relu"}},
    "keras 3": keras_3("Conv2D", kernel_initializer=keras_3("HeNormal", "keras.initializers")),
    "policy": keras_3("Dense", dtype=keras_3("DTypePolicy", "keras")),
    "nested model": keras_3("Functional", "keras.src.models.functional", layers=[]),
    "older path": keras_3("Functional", "keras.src.engine.functional", layers=[]),
    "operation": keras_3("Add", "keras.src.ops.numpy"),
    "tensor": {"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}},
    "tf operator": {"class_name": "TFOpLambda", "config": {"name": "r", "function": "math.add"}},
    "slicing": {
        "class_name": "SlicingOpLambda",
        "config": {"name": "s", "function": "__operators__.getitem"},
    },
    "activation": keras_3(
        "Dense",
        activation={
            "module": "builtins",
            "class_name": "function",
            "config": "relu",
            "registered_name": "function",
        },
    ),
}


@pytest.mark.parametrize("layer", HARMLESS.values(), ids=HARMLESS)
def test_harmless(layer: dict[str, Any]) -> None:
    check_config(model_with(layer), "net.keras")


DANGEROUS = {
    "lambda": ({"class_name": "Lambda", "config": {"name": "layer_7"}}, "Lambda"),
    "lambda of keras 3": (keras_3("Lambda"), "Lambda"),
    "bare lambda": (keras_3("Dense", activation={"class_name": "__lambda__"}), "Lambda"),
    "module": (keras_3("Popen", "subprocess"), "subprocess"),
    "os as initializer": (keras_3("Dense", kernel_initializer=keras_3("system", "os")), "'os'"),
    "module that begins like keras": (keras_3("Dense", "keras_evil"), "keras_evil"),
    "keras utility": (keras_3("get_file", "keras.utils"), "keras.utils"),
    "custom class": (keras_3("MyLayer", None), "MyLayer"),
    "registered class": ({"class_name": "Mine>MyLayer", "config": {}}, "Mine>MyLayer"),
    "other registered name": (
        {**keras_3("Dense"), "registered_name": "Mine>Other"},
        "Mine>Other",
    ),
    "function as layer": (
        {"class_name": "function", "config": "get_file", "module": "keras.utils"},
        "get_file",
    ),
    "dotted operation": (keras_3("np.load", "keras.src.ops.numpy"), "np.load"),
    "lower case operation": (keras_3("fromfile", "keras.src.ops.numpy"), "keras.src.ops.numpy"),
    "file function": (
        {"class_name": "TFOpLambda", "config": {"name": "layer_7", "function": "io.write_file"}},
        "io.write_file",
    ),
    "python function": (
        {"class_name": "TFOpLambda", "config": {"name": "layer_7", "function": "py_function"}},
        "py_function",
    ),
    "other model": (keras_3("TFSMLayer", filepath="/etc"), "TFSMLayer"),
    "vocabulary file": (keras_3("StringLookup", vocabulary="/etc/passwd"), "StringLookup"),
    "class that is no name": ({"class_name": ["Dense"], "config": {}}, "no name"),
    "wrapped": (keras_3("TimeDistributed", layer=keras_3("Lambda")), "Lambda"),
    "hidden in weights of a list": (keras_3("Dense", x=[[{"a": keras_3("Lambda")}]]), "Lambda"),
}


@pytest.mark.parametrize(("layer", "named"), DANGEROUS.values(), ids=DANGEROUS)
@pytest.mark.invariant("S1")
def test_dangerous(layer: dict[str, Any], named: str) -> None:
    with pytest.raises(UntrustedModel) as caught:
        check_config(model_with(layer), "net.keras")
    assert named in caught.value.why
    assert "--trust-model" in caught.value.next_step


def test_the_layer_is_named() -> None:
    with pytest.raises(UntrustedModel, match="could run code") as caught:
        check_config(model_with(keras_3("Lambda")), "net.keras")
    assert caught.value.why.startswith("layer 'layer_7':")


def test_own_loss_and_optimizer_are_not_loaded() -> None:
    config = model_with(keras_3("Dense"))
    config["compile_config"] = {"loss": keras_3("MyLoss", "my_package")}
    check_config(config, "net.keras")
    nested = keras_3("Sequential", "keras", layers=[])
    nested["compile_config"] = {"loss": keras_3("MyLoss", "my_package")}
    with pytest.raises(UntrustedModel):
        check_config(model_with(nested), "net.keras")
