"""Names of layers that Keras allows and TensorFlow cannot trace: spaces, umlauts."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from tinygen.load import FloatModel, KerasModel

_STRANGE = re.compile(r"[^A-Za-z0-9_.-]+")


@contextlib.contextmanager
def traceable_names(loaded: FloatModel) -> Iterator[None]:
    """Give each layer of a Keras model a name that TensorFlow takes, within the block."""
    changed: list[tuple[Any, str, str]] = []
    for layer in layers_of(loaded):
        name = str(layer.name)
        plain = traceable(name)
        if plain != name:
            # `name` is a property without a setter in Keras 2, which refuses such names anyway.
            attribute = "name" if "name" in vars(layer) else "_name"
            changed.append((layer, attribute, name))
            setattr(layer, attribute, plain)
    try:
        yield
    finally:
        for layer, attribute, name in changed:
            setattr(layer, attribute, name)


def traceable(name: str) -> str:
    """The name with underscores for what TensorFlow does not allow in one."""
    plain = _STRANGE.sub("_", name)
    return plain if plain[:1].isalnum() or plain[:1] == "." else f"layer{plain}"


def layers_of(loaded: FloatModel) -> list[Any]:
    """A Keras model and all layers inside it; empty for what is no Keras model."""
    model = loaded.model if isinstance(loaded, KerasModel) else None
    flatten = getattr(model, "_flatten_layers", None)
    return [] if flatten is None else list(flatten(include_self=True, recursive=True))
