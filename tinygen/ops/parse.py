"""How an operator reads its attributes from the flatbuffer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from tinygen.errors import UnsupportedModel
from tinygen.ir import Op


class _Options(Protocol):
    def Init(self, buf: Any, pos: int) -> None: ...  # noqa: N802 - the flatbuffer's own name


OptionsT = TypeVar("OptionsT", bound=_Options)

_NO_FIELDS = bytes((4, 0, 4, 0, 4, 0, 0, 0))
"""A flatbuffer table at byte 4, its vtable at 0: without a field, so that all are defaults."""


@dataclass(frozen=True, eq=False)
class Parser:
    """One operator's options in the flatbuffer: `parser.options(tflite.Conv2DOptions)`."""

    kind: str
    table: Any | None
    """The untyped flatbuffer table with the options, None where the file has none."""
    table_type: str = "NONE"
    """What the file says that the table is: a class of the schema."""

    def options(self, type_: type[OptionsT]) -> OptionsT:
        """The options as the schema's class; its defaults where the file has none.

        UnsupportedModel where the file says that they are others: the runtimes then have none.
        """
        options = type_()
        if self.table is None:
            options.Init(_NO_FIELDS, 4)
        elif self.table_type != type_.__name__:
            raise UnsupportedModel(
                f"{self.kind} has options of another operator",
                why=f"they are {self.table_type}; it takes {type_.__name__}",
                next_step="convert the model again",
            )
        else:
            options.Init(self.table.Bytes, self.table.Pos)
        return options

    def required(self, type_: type[OptionsT]) -> OptionsT:
        """The options, which the file must have: the schema's defaults mean nothing here."""
        if self.table is None:
            raise UnsupportedModel(f"{self.kind} without options")
        return self.options(type_)


class Parsed(Op):
    """An operator that a .tflite file can hold."""

    @classmethod
    def parse(cls, parser: Parser) -> Self:  # noqa: ARG003
        """The operator with the attributes the file gives it; by default it has none."""
        return cls()
