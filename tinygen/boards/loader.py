"""A board file into a Board: every key known, every value of its type, the whole consistent."""

from __future__ import annotations

import dataclasses
import re
import tomllib
import types
import typing
from enum import Enum
from typing import Any, TypeVar

from tinygen.boards.schema import Board, Kind, Port, StackMark, TflmFrom
from tinygen.errors import InputError

T = TypeVar("T")

_USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")


def parse_board(text: str, file: str) -> Board:
    """The board described by the TOML `text`; `file` names it in errors."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(file, str(error)) from error
    board = _record(Board, data, file, "")
    _check_consistent(board, file)
    return board


def _wrong(file: str, why: str) -> InputError:
    return InputError(
        f"the board file {file} is not valid",
        why=why,
        next_step="compare it with the board files in tinygen/boards",
    )


def _record(cls: type[T], data: dict[str, Any], file: str, where: str) -> T:
    """`data` as the dataclass `cls`; `where` is the key path of `data`, with a trailing dot."""
    assert dataclasses.is_dataclass(cls)
    hints = typing.get_type_hints(cls)
    known = {field.name: field for field in dataclasses.fields(cls)}
    for key in data:
        if key not in known:
            raise _wrong(file, f"unknown key {where}{key}; known here: {', '.join(known)}")
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in data:
            values[name] = _value(hints[name], data[name], file, where + name)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise _wrong(file, f"key {where}{name} is missing")
    return typing.cast(T, cls(**values))


def _value(hint: Any, value: Any, file: str, where: str) -> Any:
    """`value` as the type `hint`: a record, an Enum, `X | None`, a tuple, str, int or bool.

    A table of any keys becomes a tuple of (key, value) pairs, in the file's order.
    """
    if isinstance(hint, types.UnionType):
        (hint,) = (option for option in hint.__args__ if option is not types.NoneType)
    if hint == tuple[tuple[str, str], ...]:
        if not isinstance(value, dict):
            raise _wrong(file, f"{where} must be a table")
        return tuple((k, _value(str, v, file, f"{where}.{k}")) for k, v in value.items())
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise _wrong(file, f"{where} must be a list")
        item = typing.get_args(hint)[0]
        values = tuple(_value(item, element, file, where) for element in value)
        if issubclass(item, Enum) and len(set(values)) < len(values):
            raise _wrong(file, f"{where} names one twice")
        return values
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise _wrong(file, f"{where} must be a table")
        return _record(typing.cast(type, hint), value, file, where + ".")
    if issubclass(hint, Enum):
        allowed = [member.value for member in hint]
        if value not in allowed:
            raise _wrong(file, f"{where} is {value!r}; it must be one of {', '.join(allowed)}")
        return hint(value)
    if type(value) is not hint:
        raise _wrong(file, f"{where} is {value!r}; it must be of type {hint.__name__}")
    if hint is int and value < 0:
        raise _wrong(file, f"{where} is {value}; it must not be negative")
    return value


def _check_consistent(board: Board, file: str) -> None:
    if board.engines.default not in board.engines.available:
        raise _wrong(file, "engines.default is not one of engines.available")
    _check_tflm(board, file)
    if (board.kind is Kind.EMULATED) != (board.emulator is not None):
        raise _wrong(file, "an emulated board, and only that, has a table [emulator]")
    if board.port.bare != (not board.platformio.framework):
        raise _wrong(file, f"the port {board.port.value} does not go with platformio.framework")
    if board.port.bare and board.toolchain is None:
        raise _wrong(file, "a board without a framework needs [toolchain]")
    if board.port.uart != (board.serial.uart is not None):
        raise _wrong(file, "ports cortex_m, sifive and metal, and no others, have [serial.uart]")
    if (board.port is Port.ARDUINO) != (board.ticks is not None):
        raise _wrong(file, "the port arduino, and only that, has ticks")
    if board.port is not Port.ARDUINO and board.stack_mark is not StackMark.UNKNOWN:
        raise _wrong(file, "stack_mark is for the port arduino; others have marks of their own")
    if (board.kind is Kind.HARDWARE) != (board.upload is not None):
        raise _wrong(file, "a hardware board, and only that, has a table [upload]")
    if not 1 <= board.serial.window <= 255:
        raise _wrong(file, "serial.window must be 1 to 255")
    if wrong := [text for text in board.serial.usb_ids if not _USB_ID.fullmatch(text)]:
        raise _wrong(file, f"serial.usb_ids: {wrong[0]} is not of the form 2341:0043")
    if board.stack_bytes >= board.memory.ram.bytes:
        raise _wrong(file, "stack_bytes leaves no RAM")
    for name in ("protocol_payload", "serial.baud", "memory.flash.bytes", "memory.ram.bytes"):
        value: Any = board
        for part in name.split("."):
            value = getattr(value, part)
        if value == 0:
            raise _wrong(file, f"{name} must not be 0")


def _check_tflm(board: Board, file: str) -> None:
    source, sets = board.engines.tflm_from, set(board.engines.tflm_kernel_sets)
    if source is TflmFrom.IDF_COMPONENT and board.port is not Port.ESP_IDF:
        raise _wrong(file, "engines.tflm_from is idf_component, which goes with the port esp_idf")
    if source is TflmFrom.SOURCES and board.port is Port.ESP_IDF and sets:
        raise _wrong(file, "with the port esp_idf, engines.tflm_from is idf_component")
    if source is TflmFrom.ARDUINO_CORE and board.port is not Port.ARDUINO:
        raise _wrong(file, "engines.tflm_from is arduino_core, which goes with the port arduino")
    if source is not TflmFrom.SOURCES and not sets <= {"esp_nn", "esp_nn_s3"}:
        raise _wrong(file, "engines.tflm_kernel_sets: the framework's own library has only esp_nn")
