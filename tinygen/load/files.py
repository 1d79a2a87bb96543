"""The file behind a model path: read once, hashed, recognised by its content.

What is read here is what is inspected and opened later (from a private copy), so a file that
changes in between cannot slip past the inspection.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Literal

from tinygen.errors import InputError

MAX_BYTES = 2 << 30
"""Larger files are refused unread: no microcontroller holds such a model."""

Format = Literal[
    "keras-h5", "keras-v3", "saved-model", "frozen-graph", "tflite", "tflite-float", "onnx", "pt2"
]

FORMATS = (
    "a Keras .h5 or .keras file, a SavedModel folder, a frozen .pb, a .tflite, an .onnx or a .pt2"
)
EXPORT = (
    "export it where it is defined: torch.export.save(torch.export.export(model.eval(), (sample,)),"
    " 'model.pt2'), and give that"
)
"""What to do with weights, or a program, of PyTorch's."""
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_ZIP_MAGIC = b"PK\x03\x04"
_SAVED_MODEL_PARTS = ("saved_model.pb", "variables", "assets", "assets.extra")

# What people pass by mistake, and what to do instead.
_OTHER_KINDS = {
    ".pt": EXPORT,
    ".pth": EXPORT,
    ".pt2": EXPORT,
    ".json": "save the whole model: model.save('model.keras')",
    ".yaml": "save the whole model: model.save('model.keras')",
    ".ckpt": "save the whole model: model.save('model.keras')",
    ".index": "save the whole model: model.save('model.keras')",
    ".npz": "give the model here and the data with --data",
    ".npy": "give the model here and the data with --data",
    ".csv": "give the model here and the data with --data",
}


def read_file(path: Path) -> bytes:
    """The bytes of a model file. Raises InputError when it cannot be one."""
    try:
        if not path.is_file():
            raise InputError(
                f"'{path}' is no regular file", why="a model is a file or a SavedModel folder"
            )
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(
                f"'{path}' is too large",
                why=f"{size} bytes; a model for a microcontroller has at most {MAX_BYTES}",
                next_step="give a smaller model",
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be read", why=str(error), next_step="check the file's permissions"
        ) from error
    if not content:
        raise InputError(
            f"'{path}' is empty", why="it has 0 bytes", next_step="save or copy the model again"
        )
    return content


def recognise(path: Path, content: bytes) -> Format:
    """The format of a model file by its content, whatever its suffix says.

    Raises InputError for anything else.
    """
    if content.startswith(_HDF5_MAGIC):
        return "keras-h5"
    if content.startswith(_ZIP_MAGIC):
        return "pt2" if _is_pt2(content) else "keras-v3"
    if content[4:8] == b"TFL3":
        return "tflite"
    suffix = path.suffix.lower()
    # Protocol buffers, which begin with no mark.
    if suffix == ".onnx":
        return "onnx"
    if suffix == ".pb":
        if path.name == _SAVED_MODEL_PARTS[0]:
            raise InputError(
                f"'{path}' is one file of a SavedModel",
                why="its weights lie beside it",
                next_step="give the folder that holds it",
            )
        return "frozen-graph"
    expected = {
        ".h5": "an HDF5 file starts with the bytes 89 48 44 46",
        ".hdf5": "an HDF5 file starts with the bytes 89 48 44 46",
        ".keras": "a .keras file is a zip archive and starts with the bytes 50 4b 03 04",
        ".tflite": "a .tflite file has TFL3 in its bytes 4 to 7",
    }.get(suffix, "its content is none of the formats that are known")
    raise InputError(
        f"'{path}' is no model file that tinygen reads",
        why=f"{expected}; this one starts with {content[:8].hex(' ')}",
        next_step=_OTHER_KINDS.get(suffix, f"give {FORMATS}"),
    )


def _is_pt2(content: bytes) -> bool:
    """Whether a zip archive is one of torch.export.save."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False
    return any(name.endswith("/archive_format") or name == "archive_format" for name in names)


def check_saved_model_folder(path: Path) -> None:
    """Raises InputError unless the folder holds a SavedModel."""
    if (path / "saved_model.pb").is_file():
        return
    inside = sorted(entry.name for entry in path.iterdir())
    models = [
        name
        for name in inside
        if Path(name).suffix in (".h5", ".keras", ".tflite", ".hdf5")
        or (path / name / "saved_model.pb").is_file()
    ]
    next_step = f"give {FORMATS}"
    if (path / "saved_model.pbtxt").is_file():
        next_step = "save the model in binary form: model.export('folder')"
    elif "config.json" in inside and "model.weights.h5" in inside:
        next_step = "this is an unpacked .keras file: give the .keras file itself"
    elif models:
        next_step = "did you mean " + " or ".join(f"'{path / name}'" for name in models[:3]) + "?"
    raise InputError(
        f"the folder '{path}' is no SavedModel",
        why="a SavedModel folder holds saved_model.pb"
        + (f"; this one holds {', '.join(inside[:5])}" if inside else "; this one is empty"),
        next_step=next_step,
    )


def read_folder(path: Path) -> dict[str, bytes]:
    """The files of a SavedModel by their relative POSIX names, sorted.

    Only what belongs to a SavedModel is read: other files of the folder do not change its hash.
    """
    files: dict[str, bytes] = {}
    total = 0
    for part in _SAVED_MODEL_PARTS:
        entry = path / part
        found = [entry] if entry.is_file() else entry.rglob("*") if entry.is_dir() else []
        for file in found:
            if not file.is_file():
                continue
            total += file.stat().st_size
            if total > MAX_BYTES:
                raise InputError(
                    f"'{path}' is too large",
                    why=f"a model for a microcontroller has at most {MAX_BYTES} bytes",
                    next_step="give a smaller model",
                )
            try:
                files[file.relative_to(path).as_posix()] = file.read_bytes()
            except OSError as error:
                raise InputError(f"'{file}' cannot be read", why=str(error)) from error
    return dict(sorted(files.items()))


def sha256(content: bytes | dict[str, bytes]) -> str:
    """The hash of a file, or of a folder over its sorted relative names and contents."""
    digest = hashlib.sha256()
    if isinstance(content, bytes):
        digest.update(content)
    else:
        for name, data in sorted(content.items()):
            # Lengths keep one file's end from passing for the next one's name.
            digest.update(f"{len(name.encode())}:{name}{len(data)}:".encode())
            digest.update(data)
    return digest.hexdigest()
