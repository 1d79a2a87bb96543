"""A .tflite file with TensorFlow Lite Metadata: names of an output's classes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

AXIS_LABELS, VOCABULARY = 2, 5


def with_metadata(
    model: bytes, files: Sequence[tuple[str, int, str]], packed: Mapping[str, bytes]
) -> bytes:
    """The model, whose first output has these associated files (name, kind, language), and the
    archive behind it."""
    whole = schema.ModelT.InitFromPackedBuf(model, 0)
    buffer = schema.BufferT()
    buffer.data = _metadata(files)
    whole.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(whole.buffers) - 1
    whole.metadata = [*(whole.metadata or []), entry]
    builder = flatbuffers.Builder(len(model))
    builder.Finish(whole.Pack(builder), b"TFL3")
    archive = io.BytesIO(bytes(builder.Output()))
    with zipfile.ZipFile(archive, "a") as made:
        for name, content in packed.items():
            made.writestr(name, content)
    return archive.getvalue()


def _metadata(files: Sequence[tuple[str, int, str]]) -> bytes:
    """By metadata_schema.fbs: a model of one subgraph of one output."""
    b = flatbuffers.Builder(256)
    made = []
    for name, kind, locale in files:
        texts = b.CreateString(name), b.CreateString(locale) if locale else None
        b.StartObject(5)
        b.PrependUOffsetTRelativeSlot(0, texts[0], 0)
        b.PrependInt8Slot(2, kind, 0)
        if texts[1] is not None:
            b.PrependUOffsetTRelativeSlot(3, texts[1], 0)
        made.append(b.EndObject())
    output = _table(b, 7, 6, _vector(b, made))
    subgraph = _table(b, 7, 3, _vector(b, [output]))
    b.Finish(_table(b, 8, 3, _vector(b, [subgraph])), b"M001")
    return bytes(b.Output())


def _table(b: flatbuffers.Builder, fields: int, field: int, value: int) -> int:
    b.StartObject(fields)
    b.PrependUOffsetTRelativeSlot(field, value, 0)
    return int(b.EndObject())


def _vector(b: flatbuffers.Builder, items: Sequence[int]) -> int:
    b.StartVector(4, len(items), 4)
    for item in reversed(items):
        b.PrependUOffsetTRelative(item)
    return int(b.EndVector())
