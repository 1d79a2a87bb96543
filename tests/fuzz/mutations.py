"""Ways to damage a file: bytes of any, and what a format means where that is cheap."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from random import Random
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

Mutation = Callable[[Random, bytes], bytes]

INTEGERS = (
    *(0, 1, -1, 2, 3, 7, 127, 128, -128, 255, 256, 1000, 32767, 65535, 65536),
    *(10**9, 2**31 - 1, -(2**31), 2**31, 2**32 - 1, 2**62, 2**63 - 1, -(2**63)),
)
NUMBERS = (0.0, -0.0, 1e-45, 1e-30, 0.5, -1.0, 1e30, 3.4e38, 1e308, float("inf"), float("nan"))
TEXTS = (
    "",
    "x",
    "\0",
    "\x1b[2J",
    "../../x",
    "/etc/passwd",
    "a\nb",
    "ä" * 300,
    "x" * 100_000,
    "'\"`$",
)
_WORDS = re.compile(rb"-?\d+(\.\d+)?|[A-Za-z_]{2,}")


def flip(rng: Random, content: bytes) -> bytes:
    """Some bits."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 64)) if data else 0):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def overwrite(rng: Random, content: bytes) -> bytes:
    """A number of 1, 2, 4 or 8 bytes by an interesting one, aligned or not."""
    kind = rng.choice("bhiq")
    size = struct.calcsize(kind)
    if len(content) < size:
        return content
    at = rng.randrange(len(content) - size + 1)
    at -= rng.choice((0, at % size))
    value = rng.choice(INTEGERS) & ((1 << (8 * size)) - 1)
    return content[:at] + value.to_bytes(size, "little") + content[at + size :]


def cut(rng: Random, content: bytes) -> bytes:
    """The end, or a piece out of the middle."""
    a, b = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    return content[:a] if rng.random() < 0.5 else content[:a] + content[b:]


def repeat(rng: Random, content: bytes) -> bytes:
    """A piece twice, or in the place of another."""
    a, b = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    piece, at = content[a : min(b, a + 4096)], rng.randrange(len(content) + 1)
    over = rng.choice((0, len(piece)))
    return content[:at] + piece + content[at + over :]


def noise(rng: Random, content: bytes) -> bytes:
    """Random bytes over some."""
    at, size = rng.randrange(len(content) + 1), rng.choice((1, 4, 16, 256))
    return content[:at] + rng.randbytes(size) + content[at + size :]


def words(rng: Random, content: bytes) -> bytes:
    """A number or a word of a text by something else."""
    found = list(_WORDS.finditer(content[: 1 << 18]))
    if not found:
        return content
    one = rng.choice(found)
    other: bytes = rng.choice(
        (
            str(rng.choice(INTEGERS)).encode(),
            repr(rng.choice(NUMBERS)).encode(),
            rng.choice(TEXTS).encode(),
            rng.choice(found)[0],
            b'"' + one[0] + b'"',
            b"[" + one[0] + b"]",
            b"-" + one[0],
            b"{}",
            b"null",
        )
    )
    return content[: one.start()] + other + content[one.end() :]


def lines(rng: Random, content: bytes) -> bytes:
    """A line away, twice, moved or joined with the next."""
    rows = content.split(b"\n")
    at, to = rng.randrange(len(rows)), rng.randrange(len(rows))
    row = rows.pop(at)
    kept: list[bytes] = rng.choice(([], [row, row], [row], [row[: len(row) // 2]], [row + row]))
    rows[to:to] = kept
    return b"\n".join(rows)


BYTES: tuple[Mutation, ...] = (flip, overwrite, cut, repeat, noise)
TEXT: tuple[Mutation, ...] = (words, words, words, lines, lines, flip, cut, repeat)


def _value(rng: Random, old: Any) -> Any:
    if isinstance(old, bool):
        return rng.choice((not old, None, 2, "true"))
    if isinstance(old, int) and rng.random() < 0.8:
        return rng.choice((*INTEGERS, old + 1, old - 1, old * 2, -old))
    if isinstance(old, float) and rng.random() < 0.8:
        return rng.choice((*NUMBERS, old * 2, -old, old * 1e6))
    if isinstance(old, str) and rng.random() < 0.8:
        return rng.choice((*TEXTS, old + "x", old[:-1], old.upper(), old * 2))
    return rng.choice((None, True, 0, 1.5, "x", [], {}, [[]], rng.choice(INTEGERS)))


def json_value(rng: Random, content: bytes) -> bytes:
    """One value of a JSON document: another, none, one key more, or a deep one."""
    tree = {"": json.loads(content)}
    places = list(_places(tree))
    where, key = rng.choice(places)
    how = rng.random()
    if how < 0.6:
        where[key] = _value(rng, where[key])
    elif how < 0.75:
        del where[key]
    elif how < 0.85:
        other, name = rng.choice(places)
        where[key] = json.loads(json.dumps(other[name])) if name in _keys(other) else None
    elif how < 0.95 and isinstance(where, MutableMapping):
        where[rng.choice((*TEXTS[:6], "name", "class_name", "module"))] = where[key]
    else:
        for _ in range(rng.choice((2, 50, 2000))):
            where[key] = [where[key]]
    try:
        return json.dumps(tree.get("")).encode()
    except RecursionError:
        return b"[" * 100_000


def _keys(where: Any) -> Sequence[Any]:
    return list(where) if isinstance(where, Mapping) else range(len(where))


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a tree, with each of its keys."""
    waiting = [tree]
    while waiting:
        here = waiting.pop()
        for key in _keys(here):
            yield here, key
            if isinstance(here[key], MutableMapping | MutableSequence):
                waiting.append(here[key])


def member(inner: Mapping[str, Sequence[Mutation]]) -> Mutation:
    """Damage one member of a zip archive by the mutations for how its name ends, and pack again;
    sometimes its name, or what the archive says of its size."""

    def mutate(rng: Random, content: bytes) -> bytes:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        name = rng.choice(list(members))
        ways = next(ways for end, ways in inner.items() if name.endswith(end))
        how = rng.random()
        if how < 0.8:
            members[name] = rng.choice(ways)(rng, members[name])
        elif how < 0.87:
            del members[name]
        elif how < 0.94:
            members[rng.choice((*TEXTS[1:7], name + "x"))] = members.pop(name)
        out = io.BytesIO()
        packing = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
        with zipfile.ZipFile(out, "w", packing) as archive:
            for key, data in members.items():
                archive.writestr(key, data)
            if how >= 0.94:
                archive.writestr(name, members[name])  # twice
        return out.getvalue()

    return mutate


def flatbuffer(rng: Random, content: bytes) -> bytes:
    """One field of a .tflite model, anywhere in it, and packed again."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    places = [p for p in _fields(model) if p[2] is not None or rng.random() < 0.02]
    owner, name, old = rng.choice(places)
    if isinstance(name, int):
        if rng.random() < 0.25:
            del owner[name]
        elif rng.random() < 0.15:
            owner.insert(name, old)
        else:
            owner[name] = _field_value(rng, old)
    else:
        setattr(owner, name, _field_value(rng, old))
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _field_value(rng: Random, old: Any) -> Any:
    if isinstance(old, bool):
        return not old
    if isinstance(old, int):
        return rng.choice((*INTEGERS, old + 1, old - 1, old * 2, -old, *range(2, 6)))
    if isinstance(old, float):
        return rng.choice((*NUMBERS, old * 2, -old, old * 1e6))
    if isinstance(old, str | bytes):
        return rng.choice((*TEXTS[:8], "copy"))
    if isinstance(old, list):
        return rng.choice(([], old[:1], old[:-1], old + old, old[::-1]))
    return rng.choice((None, old))


def _fields(root: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every field of every table, and every item of short vectors."""
    waiting = [root]
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            items: list[tuple[Any, Any]] = list(enumerate(here[:40]))
        else:
            items = list(vars(here).items())
        for name, found in items:
            value = found
            if hasattr(found, "tolist"):  # numbers of a vector, as numpy has them
                value = found.tolist()
                if isinstance(name, int):
                    here[name] = value
                else:
                    setattr(here, name, value)
            yield here, name, value
            if isinstance(value, list) or hasattr(value, "Pack"):
                waiting.append(value)
