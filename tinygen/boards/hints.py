"""What the schema's types say: which keys there are, and what each may be, in words."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

import msgspec

_PLAIN = {str: "text", int: "an integer", bool: "true or false"}


class Key(NamedTuple):
    """A key of a board file: its path, what it may be in words, when it has to be there."""

    path: str
    may_be: str
    needed: str


def all_keys(
    record: Any, where: str = "", needed: str = "always", optional: str = ""
) -> Iterator[Key]:
    """The keys of the dataclass `record` and of the tables in it; `where` ends with a dot.

    `needed` and `optional` are said of keys that have to be there and of others.
    """
    hints = hints_of(record)
    for field in dataclasses.fields(record):
        hint, path = hints[field.name], f"{where}{field.name}"
        if kinds := variants(hint):
            yield Key(f"{path}.type", ", ".join(kinds), needed)
            for name, variant in kinds.items():
                keys = all_keys(variant, f"{path}.", f"type {name}", f"(type {name})")
                yield from (key for key in keys if key.path != f"{path}.type")
        elif dataclasses.is_dataclass(plain(hint)):
            there = needed if is_needed(field) else f"in [{path}]"
            yield from all_keys(plain(hint), f"{path}.", there, optional)
        else:
            yield Key(path, in_words(hint), needed if is_needed(field) else optional)


def is_needed(field: dataclasses.Field[Any]) -> bool:
    """Whether a record's key has to be there."""
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def variants(hint: Any) -> dict[str, Any]:
    """The records of a sum type by what their key `type` says; none where it is no sum."""
    records = [option for option in typing.get_args(hint) if dataclasses.is_dataclass(option)]
    return {allowed(hints_of(r)["type"])[0]: r for r in records} if len(records) > 1 else {}


def chosen(hint: Any, value: Any) -> Any:
    """The type without `| None` and range, of a sum the record that `value` says it is, if any."""
    kinds = variants(hint)
    if not kinds:
        return plain(hint)
    name = value.get("type") if isinstance(value, dict) else None
    return kinds.get(name) if isinstance(name, str) else None


def hints_of(record: Any) -> dict[str, Any]:
    """The types of the dataclass's fields, with their ranges."""
    return typing.get_type_hints(record, include_extras=True)


def item(hint: Any) -> Any:
    """The type of a list's items, or of a table's values."""
    arguments = typing.get_args(plain(hint))
    return arguments[1] if typing.get_origin(plain(hint)) is Mapping else arguments[0]


def plain(hint: Any) -> Any:
    """The type without `| None` and without its range."""
    hint = _present(hint)
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


def allowed(hint: Any) -> tuple[str, ...]:
    """The values of a closed type; none where it is open."""
    hint = plain(hint)
    if typing.get_origin(hint) is typing.Literal:
        return tuple(word for word in typing.get_args(hint) if word)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return tuple(member.value for member in hint)
    return ()


def description(hint: Any) -> str:
    """What a value of the type looks like, where the schema says it."""
    return next((meta.description or "" for meta in _metas(hint)), "")


def in_words(hint: Any) -> str:
    """What a value of the type may be."""
    origin = typing.get_origin(plain(hint))
    if origin is tuple:
        return f"a list: {in_words(item(hint))}"
    if origin is Mapping:
        return f"a table: {in_words(item(hint))}"
    if words := allowed(hint):
        return ", ".join(words)
    if described := description(hint):
        return described
    for meta in _metas(hint):
        high = meta.le if meta.le is not None else meta.lt - 1
        return f"{meta.ge:,} to {high:,}"
    return _PLAIN[plain(hint)]


def _present(hint: Any) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return next(option for option in typing.get_args(hint) if option is not types.NoneType)
    return hint


def _metas(hint: Any) -> Iterator[Any]:
    hint = _present(hint)
    if typing.get_origin(hint) is typing.Annotated:
        yield from (meta for meta in typing.get_args(hint)[1:] if isinstance(meta, msgspec.Meta))
