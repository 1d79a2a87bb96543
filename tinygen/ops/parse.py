"""How an operator reads its attributes from the flatbuffer."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from tinygen.ir import Op, Shape


class _Options(Protocol):
    def Init(self, buf: Any, pos: int) -> None: ...  # noqa: N802 - the flatbuffer's own name


OptionsT = TypeVar("OptionsT", bound=_Options)


@dataclass(frozen=True, eq=False)
class Parser:
    """One operator's options in the flatbuffer: `parser.options(tflite.Conv2DOptions)`."""

    kind: str
    table: Any | None
    """The untyped flatbuffer table with the options, None where the file has none."""
    output_shapes: tuple[Shape, ...] = ()
    """Shapes the file declares for the outputs: what is left to trust where an operator's result
    depends on values that are not known."""

    def options(self, type_: type[OptionsT]) -> OptionsT | None:
        """The options as the schema's class, or None where the file has none (defaults)."""
        if self.table is None:
            return None
        options = type_()
        options.Init(self.table.Bytes, self.table.Pos)
        return options


class Parsed(Op):
    """An operator that a .tflite file can hold."""

    @classmethod
    @abstractmethod
    def parse(cls, parser: Parser) -> Self:
        """The operator with the attributes the file gives it."""
