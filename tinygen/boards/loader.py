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
from tinygen.boards.hints import allowed, hints_of, in_words, item, plain
from tinygen.boards.schema import Board
from tinygen.boards.vocabulary import did_you_mean
from tinygen.errors import InputError

_PLACE = re.compile(r" - at `\$(?P<path>.*)`\Z")
_STEP = re.compile(r"\.(?P<key>\w+)|\[(?P<index>\d+|\.\.\.)\]")
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
    try:
        board = msgspec.convert(data, Board)
    except msgspec.ValidationError as error:
        raise _wrong(file, _explain(str(error), data)) from error
    for told in contradictions(board):
        raise _wrong(file, told)
    return board


def _wrong(file: str, why: str) -> InputError:
    return InputError(
        f"the board file {file} is not valid",
        why=why,
        next_step="docs/boards.md says what each key may be; `tinygen boards BOARD` shows a board",
    )


def _unknown_keys(record: Any, data: Mapping[str, Any], where: str) -> Iterator[str]:
    """What is said of keys that the dataclass `record` has not; `where` ends with a dot."""
    hints = hints_of(record)
    for key, value in data.items():
        if key not in hints:
            known = ", ".join(hints)
            yield f"unknown key {where}{ascii(key)[1:-1]}{did_you_mean(key, hints)}\nknown: {known}"
        elif isinstance(value, dict) and dataclasses.is_dataclass(plain(hints[key])):
            yield from _unknown_keys(plain(hints[key]), value, f"{where}{key}.")


def _explain(message: str, data: Mapping[str, Any]) -> str:
    """What the library's message means: the key, the value there and what it may be."""
    place = _PLACE.search(message)
    key, hint, value = _locate(place["path"] if place else "", data)
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
            hint = hints_of(plain(hint))[step["key"]]
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
