"""Inspection of HDF5 files, the weights of every Keras model: needs h5py, not TensorFlow."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any

from tinygen.errors import InputError
from tinygen.load.files import MAX_BYTES
from tinygen.load.keras_config import untrusted

_MAX_OBJECTS = 100_000


def model_config(content: bytes, file_name: str) -> tuple[str, str]:
    """The JSON of the model's configuration and the Keras version (may be empty) of an .h5 file.

    Raises InputError for a damaged file and for one that holds weights only.
    """
    with _open(content, file_name) as file:
        config = _text(file.attrs.get("model_config"))
        if config is None:
            raise _no_config(file, file_name)
        return config, _text(file.attrs.get("keras_version")) or ""


def check_weights(content: bytes, file_name: str) -> None:
    """Raises UntrustedModel when a file points at other files, InputError when it is damaged.

    HDF5 can link to other files and keep the data of a dataset outside: opening such a model
    would read files of this machine into the weights.
    """
    with _open(content, file_name) as file:
        _check_group(file, file_name)


@contextlib.contextmanager
def _open(content: bytes, file_name: str) -> Iterator[Any]:
    """The open file; what h5py raises on damage, at opening or later, becomes InputError."""
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            yield file
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, UnicodeError) as error:
        raise InputError(
            f"'{file_name}' is damaged or truncated",
            why=f"it is an HDF5 file by its first bytes, but: {one_line(error)}",
            next_step="copy or save the model again",
        ) from error


def one_line(error: BaseException) -> str:
    """The first line of an error message, at most 200 characters."""
    line = " ".join((str(error).strip() or type(error).__name__).split("\n")[0].split())
    return line if len(line) <= 200 else line[:197] + "..."


def _check_group(root: Any, file_name: str) -> None:
    import h5py

    pending = [root]
    seen: set[int] = set()
    total = 0
    while pending:
        group = pending.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise untrusted(
                    file_name, f"'{group.name}/{name}' is read from the file '{link.filename}'"
                )
            if isinstance(link, h5py.SoftLink):
                continue  # leads to an object that is found under its own name
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > _MAX_OBJECTS:
                raise InputError(f"'{file_name}' is damaged", why="too many HDF5 objects")
            if isinstance(item, h5py.Group):
                pending.append(item)
            elif isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    raise untrusted(file_name, f"'{item.name}' is read from another file")
                total += item.nbytes  # compressed data can claim any size
                if total > MAX_BYTES:
                    raise InputError(
                        f"'{file_name}' is too large",
                        why=f"its weights unpack to more than {MAX_BYTES} bytes",
                    )


def _no_config(file: Any, file_name: str) -> InputError:
    names = set(file) | set(file.attrs)
    weights = {"layer_names", "layers", "_layer_checkpoint_dependencies", "vars", "weight_names"}
    if names & weights:
        return InputError(
            f"'{file_name}' holds weights only",
            why="the layers that the weights belong to are not in the file (it has no"
            " model_config), so the model cannot be rebuilt from it",
            next_step="save the whole model: model.save('model.keras') instead of"
            " model.save_weights(...)",
        )
    return InputError(
        f"'{file_name}' is an HDF5 file, but no Keras model",
        why="it has no model_config",
        next_step="save the whole model: model.save('model.keras')",
    )


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None
