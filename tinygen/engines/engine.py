"""What an engine is to the driver: what it takes, what it makes of it, and by which options."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tinygen.boards import ArenaPlace, Board, EngineName
from tinygen.errors import InputError
from tinygen.ir import Graph
from tinygen.progress import Progress
from tinygen.templates import Identity


@dataclass(frozen=True, eq=False)
class Job:
    """What an engine works on. `content` is the int8 .tflite of which `graph` was read."""

    board: Board
    graph: Graph
    content: bytes
    identity: Identity
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


class Engine(ABC):
    """How a model runs on a device."""

    name: ClassVar[EngineName]
    options: ClassVar[frozenset[str]]
    """The fields of a `Job` that this engine lets a user choose."""

    @abstractmethod
    def kernel_sets(self, board: Board) -> tuple[str, ...]:
        """The names of the kernel sets there are for the board, the best one first."""

    @abstractmethod
    def make(self, job: Job) -> Made:
        """The model's sources for the job's board. Raises UnsupportedModel and DoesNotFit."""

    def check(self, job: Job) -> None:
        """InputError for an option that this engine has not, or a kernel set it has not there."""
        if job.arena_bytes is not None and "arena_bytes" not in self.options:
            raise InputError(
                f"the engine {self.name} has no arena to choose",
                why="its memory plan is exact",
                next_step="leave --arena out",
            )
        sets = self.kernel_sets(job.board)
        if job.kernel_set is not None and job.kernel_set not in sets:
            raise InputError(
                f"{job.board.id} has no kernel set {job.kernel_set} for the engine {self.name}",
                why=f"kernel sets there: {', '.join(sets) or 'none'}",
                next_step="leave --kernel-set out for the board's own choice",
            )
