"""The law of board files: whatever key is given another value than it may have, the file is refused
and the key is named. It is over all keys that the schema has, in every board file that has them."""

from __future__ import annotations

import copy
import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import pytest

import tinygen.boards
from tinygen.boards import BOARD_IDS, Board, Extension, ResetName, TflmKernels
from tinygen.boards.loader import board_of
from tinygen.boards.vocabulary import POSSIBLE, EngineName
from tinygen.devices.link.reset import RESETS
from tinygen.engines import ENGINES
from tinygen.engines.tflm import KernelSet
from tinygen.errors import InputError

FOLDER = Path(tinygen.boards.__file__).parent


def data(board_id: str) -> dict[str, Any]:
    content = tomllib.loads((FOLDER / f"{board_id}.toml").read_text())
    if board_id == "qemu-mega2560":  # no board of ours needs these
        content["toolchain"]["link_flags"] = ["-Wl,--gc-sections"]
        content["engines"]["tflm_from"] = "sources"
    return content


def present(hint: Any) -> Any:
    """Without `| None`."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return next(option for option in typing.get_args(hint) if option is not types.NoneType)
    return hint


def keys(record: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a record and of the records in it, with its type."""
    for name, hint in typing.get_type_hints(record, include_extras=True).items():
        records = [option for option in typing.get_args(hint) if dataclasses.is_dataclass(option)]
        inner = present(hint)
        if len(records) > 1:  # a sum: each of its records has keys
            for one in records:
                yield from keys(one, f"{where}{name}.")
        elif dataclasses.is_dataclass(inner):
            yield from keys(inner, f"{where}{name}.")
        else:
            yield f"{where}{name}", inner


def bare(hint: Any) -> Any:
    """Without its range."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


def words(hint: Any) -> tuple[str, ...]:
    """The values of a closed type."""
    hint = bare(hint)
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return tuple(member.value for member in hint)
    return ()


def wrong(hint: Any, value: Any) -> Iterator[Any]:
    """Values that a key of the type may not have, of which some are near to `value`."""
    kind = bare(hint)
    if typing.get_origin(kind) is tuple:
        (item, _) = typing.get_args(kind)
        yield from ("text", {"a": 1}, 7, True)
        for bad in wrong(item, value[0] if value else ""):
            yield [bad, *value[1:]]
    elif typing.get_origin(kind) in (dict, Mapping) or kind is Mapping:
        yield from ("text", ["a"], 7)
        for bad in wrong(typing.get_args(kind)[1], ""):
            yield {**value, "upload_speed": bad}
    elif kind is bool:
        yield from (1, 0, "true", [True])
    elif kind is int:
        yield from (-1, 1 << 70, True, 1.5, "1", [1])
    elif words(hint):
        yield from ("", f"{value}x", f"{value} ", str(value).upper() or "X", 7, True, [value])
    else:
        yield from ("", "two\nlines", "\x1b[31mred", 7, True, [value])


def at(content: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """The table that a key is in, and its name there."""
    *tables, name = key.split(".")
    for table in tables:
        content = content[table]
    return content, name


def has(content: dict[str, Any], key: str) -> bool:
    try:
        table, name = at(content, key)
    except KeyError:
        return False
    return name in table


def refused(content: dict[str, Any]) -> InputError:
    with pytest.raises(InputError) as raised:
        board_of(content, "mine.toml")
    assert "mine.toml" in raised.value.what
    assert raised.value.next_step
    return raised.value


def complaint(content: dict[str, Any]) -> str | None:
    """Why the file is refused, if it is."""
    try:
        board_of(content, "mine.toml")
    except InputError as error:
        return error.why
    return None


ALL = dict(keys(Board))


def test_every_key_is_in_a_file_that_is_tried() -> None:
    assert {key for key in ALL if not any(has(data(b), key) for b in BOARD_IDS)} == set()


@pytest.mark.parametrize("key", ALL)
def test_a_string_is_closed_or_described(key: str) -> None:
    """A plain `str` would take any."""
    hint = ALL[key]
    if typing.get_origin(bare(hint)) is tuple:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(bare(hint)) in (dict, Mapping):
        hint = typing.get_args(hint)[1]
    if bare(hint) is str:
        meta = next(m for m in typing.get_args(hint)[1:] if isinstance(m, msgspec.Meta))
        assert meta.pattern
        assert meta.description
    if bare(hint) is int:
        meta = next(m for m in typing.get_args(hint)[1:] if isinstance(m, msgspec.Meta))
        assert (meta.ge, meta.gt) != (None, None)
        assert (meta.le, meta.lt) != (None, None)


@pytest.mark.parametrize("key", ALL)
def test_a_wrong_value_is_refused_by_its_key(key: str) -> None:
    for board_id in BOARD_IDS:
        content = data(board_id)
        if not has(content, key):
            continue
        table, name = at(content, key)
        for value in wrong(ALL[key], table[name]):
            bad = copy.deepcopy(content)
            at(bad, key)[0][name] = value
            why = refused(bad).why
            assert key in why, (value, why)
            assert "\x1b" not in why


@pytest.mark.parametrize("key", [key for key, hint in ALL.items() if words(hint)])
def test_of_a_misspelt_word_the_right_one_is_said(key: str) -> None:
    board_id = next(b for b in BOARD_IDS if has(data(b), key))
    for word in words(ALL[key]):
        if len(word) < 3:
            continue
        content = data(board_id)
        table, name = at(content, key)
        table[name] = f"{word[:-2]}{word[-1]}{word[-2]}_"
        why = refused(content).why
        best = difflib.get_close_matches(table[name], words(ALL[key]), n=1, cutoff=0)
        assert f"did you mean {best[0]}?" in why
        assert all(other in why for other in words(ALL[key]))


@pytest.mark.parametrize("key", ALL)
def test_a_misspelt_key_is_refused_and_the_right_one_said(key: str) -> None:
    content = next(data(b) for b in BOARD_IDS if has(data(b), key))
    table, name = at(content, key)
    table[f"{name}x"] = table.pop(name)
    why = refused(content).why
    assert f"unknown key {key}x; did you mean {name}?" in why


@pytest.mark.parametrize("key", ALL)
def test_without_a_key_that_is_needed_the_key_is_named(key: str) -> None:
    for board_id in BOARD_IDS:
        content = data(board_id)
        if not has(content, key):
            continue
        table, name = at(content, key)
        del table[name]
        assert name in (complaint(content) or name)


def test_the_names_are_those_of_what_they_name() -> None:
    assert typing.get_args(EngineName) == tuple(ENGINES)
    assert set(typing.get_args(TflmKernels)) == {kernels.value for kernels in KernelSet}
    assert typing.get_args(ResetName) == tuple(reset.name for reset in RESETS)
    assert {extension for some in POSSIBLE.values() for extension in some} == set(Extension)
