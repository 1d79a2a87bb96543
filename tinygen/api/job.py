"""What an engine works on, and what it makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinygen import emit
from tinygen.boards import ArenaPlace, Board
from tinygen.ir import Graph
from tinygen.progress import Progress


@dataclass(frozen=True, eq=False)
class Job:
    """What an engine works on. `content` is the int8 .tflite of which `graph` was read."""

    board: Board
    graph: Graph
    content: bytes
    identity: emit.Identity
    kernel_set: str | None
    """The kernel set asked for, None for the board's own choice."""
    arena_bytes: int | None
    """The arena asked for, None for what the engine finds right."""
    debug: bool
    """Whether the firmware keeps its error texts."""
    progress: Progress


@dataclass(frozen=True, eq=False)
class Made:
    """What an engine made: files of the project, and what they take. Bytes."""

    files: Mapping[str, bytes]
    kernel_set: str
    layers: int
    macs: int
    constant_bytes: int
    """Flash for what the model itself is: weights and tables, or its flatbuffer."""
    arena_bytes: int
    arena_minimum_bytes: int | None
    """The least that works; None where that is not known for this very device."""
    arena_place: ArenaPlace
    arena_overhead_bytes: int | None = None
    """What starting takes beyond the arena that the engine then says it uses; None: not known."""
    build_flags: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    """Further lines of platformio.ini: name and value."""
    notes: tuple[str, ...] = ()
    """What a person should know of it."""
