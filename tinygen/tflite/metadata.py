"""What a `.tflite` file's metadata say of its outputs: the names of their classes.

TensorFlow Lite Metadata (the schema's root is `ModelMetadata`, identified by `M001`) lie in a
buffer of their own; the files that they name are a zip archive behind the model's bytes.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tflite
from flatbuffers import encode, number_types, packer
from flatbuffers.table import Table

from tinygen.data.class_file import class_names
from tinygen.tflite.parse import MALFORMED

_NAME = b"TFLITE_METADATA"
_MOST = 1000
_MOST_BYTES = 4 << 20
_AXIS_LABELS = 2
"""The kind of an associated file whose lines name a tensor's elements."""

# Where the vtables of metadata_schema.fbs have what is read: 4 and twice the field's number.
_SUBGRAPHS, _OUTPUTS, _FILES = 10, 10, 16
_FILE_NAME, _FILE_KIND, _FILE_LOCALE = 4, 8, 10

_UNREADABLE = (
    *MALFORMED,
    *(
        OSError,
        EOFError,
        KeyError,
        RuntimeError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
    ),
)


def output_labels(content: bytes) -> Mapping[int, tuple[str, ...]]:
    """The names of an output's elements, by its position, where the file's metadata have some.

    Metadata that are damaged say nothing: nobody computes by them.
    """
    if _NAME not in content:
        return {}
    try:
        found = _metadata(content)
        return {} if found is None else dict(_labels(found, content))
    except _UNREADABLE:
        return {}


def _metadata(content: bytes) -> Table | None:
    model = tflite.Model.GetRootAs(content, 0)
    for i in range(_counted(model.MetadataLength())):
        entry = model.Metadata(i)
        if entry.Name() == _NAME and 0 <= entry.Buffer() < model.BuffersLength():
            data = np.asarray(model.Buffers(entry.Buffer()).DataAsNumpy(), np.uint8).tobytes()
            return Table(data, encode.Get(packer.uoffset, data, 0))
    return None


def _labels(metadata: Table, content: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    for subgraph in _tables(metadata, _SUBGRAPHS)[:1]:
        for position, output in enumerate(_tables(subgraph, _OUTPUTS)):
            files = [f for f in _tables(output, _FILES) if _kind(f) == _AXIS_LABELS]
            # Of several languages the one that has no name is the first.
            for file in sorted(files, key=lambda f: bool(_text(f, _FILE_LOCALE)))[:1]:
                yield position, class_names(_unpacked(content, _text(file, _FILE_NAME)))


def _unpacked(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if archive.getinfo(name).file_size > _MOST_BYTES:
            raise ValueError("a file of labels is too large")
        return archive.read(name)


def _tables(table: Table, field: int) -> list[Table]:
    place: Any = table.Offset(field)
    if not place:
        return []
    start = table.Vector(place)
    count = _counted(table.VectorLen(place))
    return [Table(table.Bytes, table.Indirect(start + 4 * i)) for i in range(count)]


def _text(table: Table, field: int) -> str:
    place: Any = table.Offset(field)
    return table.String(place + table.Pos).decode("utf-8", "replace") if place else ""


def _kind(table: Table) -> int:
    place: Any = table.Offset(_FILE_KIND)
    return int(table.Get(number_types.Int8Flags, place + table.Pos)) if place else 0


def _counted(length: int) -> int:
    if not 0 <= length <= _MOST:
        raise ValueError(f"a length of {length}")
    return length
