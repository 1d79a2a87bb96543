"""A board file into a Board: every key known, every value one of those it may be, the whole
consistent. What is wrong is told by its key, with what is allowed there."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tinygen.boards.consistent import contradictions
from tinygen.boards.hints import (
    allowed,
    chosen,
    hints_of,
    in_words,
    is_needed,
    item,
    plain,
    variants,
)
from tinygen.boards.schema import Board
from tinygen.boards.vocabulary import did_you_mean
from tinygen.errors import InputError

_PLACE = re.compile(r" - at `\$(?P<path>.*)`\Z")
_STEP = re.compile(r"\.(?P<key>\w+)|\[(?P<index>\d+|\.\.\.)\]")
_MOVED = {
    "kind": "[device] has a type: qemu, serial or linux",
    "emulator": '[device] with type = "qemu" has its keys',
    "upload": '[device] with type = "serial" has it as upload = { ... }',
    "serial.kind": "device.connection is uart or usb",
    "serial.reset": "it is device.reset",
    "serial.usb_ids": "it is device.usb_ids",
    "engines.kernel_sets": "they follow from extensions, which say what the core has",
}
_MISSING = re.compile(r"Object missing required field `(?P<key>\w+)`")


def parse_board(text: str, file: str) -> Board:
    """The board described by the TOML `text`; `file` names it in errors."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _wrong(file, str(error)) from error
    return board_of(data, file)


def board_of(data: Mapping[str, Any], file: str) -> Board:
    """The board of a file's keys; InputError names the key that is wrong."""
    for told in _unknown_keys(Board, data, ""):
        raise _wrong(file, told)
    values = {}
    for field in dataclasses.fields(Board):
        if field.name in data:
            values[field.name] = _value(field.name, data, file)
        elif is_needed(field):
            raise _wrong(file, f"the key {field.name} is missing")
    board = Board(**values)
    for told in contradictions(board):
        raise _wrong(file, told)
    return board


def _value(key: str, data: Mapping[str, Any], file: str) -> Any:
    """The value of one of a board's own keys: text, a number, a list or a table."""
    hint, value = hints_of(Board)[key], data[key]
    kinds = variants(hint)
    if kinds and not isinstance(value, dict):
        raise _wrong(file, f"{key} is {ascii(value)[:60]}; it must be a table")
    if kinds and chosen(hint, value) is None:
        named = value.get("type")
        told = f"{key}.type is {ascii(named)[:60]}{did_you_mean(str(named), kinds)}"
        told = f"the key {key}.type is missing" if named is None else told
        raise _wrong(file, f"{told}; it must be one of {', '.join(kinds)}")
    try:
        return msgspec.convert(value, chosen(hint, value) if kinds else hint)
    except msgspec.ValidationError as error:
        raise _wrong(file, _explain(f".{key}", str(error), data)) from error


def _wrong(file: str, why: str) -> InputError:
    return InputError(
        f"the board file {file} is not valid",
        why=why,
        next_step="docs/boards.md says what each key may be; `tinygen boards BOARD` shows a board",
    )


def _unknown_keys(record: Any, data: Mapping[str, Any], where: str) -> Iterator[str]:
    """What is said of keys that the dataclass `record` has not; `where` ends with a dot."""
    yield from _unknown_among(hints_of(record), data, where)


def _unknown_among(hints: Mapping[str, Any], data: Mapping[str, Any], where: str) -> Iterator[str]:
    for key, value in data.items():
        if moved := _MOVED.get(f"{where}{key}"):
            yield f"the key {where}{key} is of an older tinygen: {moved}"
        elif key not in hints:
            known = ", ".join(hints)
            yield f"unknown key {where}{ascii(key)[1:-1]}{did_you_mean(key, hints)}\nknown: {known}"
        elif isinstance(value, dict):
            inner = chosen(hints[key], value)
            if dataclasses.is_dataclass(inner):
                yield from _unknown_keys(inner, value, f"{where}{key}.")
            elif inner is None:  # a sum whose type is not said: any key of any of its records
                kinds = [hints_of(record) for record in variants(hints[key]).values()]
                every = {name: hint for kind in kinds for name, hint in kind.items()}
                yield from _unknown_among(every, value, f"{where}{key}.")


def _explain(start: str, message: str, data: Mapping[str, Any]) -> str:
    """What the library's message means: the key, the value there and what it may be.

    `start` is where the library began, in the way that it writes such a path: `.serial`.
    """
    place = _PLACE.search(message)
    key, hint, value = _locate(start + (place["path"] if place else ""), data)
    if missing := _MISSING.match(message):
        return f"the key {key}{'.' if key else ''}{missing['key']} is missing"
    told = f"{key} is {ascii(value)[:60]}"
    if dataclasses.is_dataclass(plain(hint)):
        return f"{told}; it must be a table"
    words = allowed(hint)
    if isinstance(value, str):
        told += did_you_mean(value, words)
    return f"{told}; it must be {'one of ' if words else ''}{in_words(hint)}"


def _locate(path: str, data: Any) -> tuple[str, Any, Any]:
    """The key, the type and the value at the library's `path`, such as `.serial.usb_ids[1]`."""
    key, hint, value = "", Board, data
    for step in _STEP.finditer(path):
        if step["key"]:
            hint = hints_of(chosen(hint, value))[step["key"]]
            key, value = f"{key}.{step['key']}".lstrip("."), value[step["key"]]
        elif step["index"].isdigit():
            hint, value = item(hint), value[int(step["index"])]
        else:  # of a table the library does not say which of its values it is
            hint = item(hint)
            name, value = next(pair for pair in value.items() if not _valid(pair[1], hint))
            key = f"{key}.{ascii(name)[1:-1]}"
    return key, hint, value


def _valid(value: Any, hint: Any) -> bool:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        return False
    return True
