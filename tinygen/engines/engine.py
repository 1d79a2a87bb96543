"""What an engine is to the driver: what it takes, what it makes of it, and by which options."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tinygen import csource
from tinygen.boards import ArenaPlace, Board, EngineName
from tinygen.boards.fit import Needs
from tinygen.engines.traced import Traced
from tinygen.errors import InputError
from tinygen.ir import DType, Edge, Int8Model
from tinygen.npu.vela import VelaEstimate
from tinygen.options import BuildOptions, Flag, flags, given
from tinygen.templates import Identity


@dataclass(frozen=True, eq=False)
class Job:
    """What an engine works on."""

    board: Board
    model: Int8Model
    identity: Identity
    options: BuildOptions
    together: bool = False
    """Whether other models of the firmware run in the same memory, one at a time."""
    typed: bool = False
    """Whether tensors have types whatever they are, because those of such a model have."""


@dataclass(frozen=True)
class NotTaken:
    """What another kernel set had for a layer; no cycles and bytes where it had nothing."""

    kernel_set: str
    why: str
    estimated_cycles: int | None
    estimated_flash: int | None = None


@dataclass(frozen=True)
class LayerKernel:
    """Which kernel computes a layer, and why that one.

    `estimated_cycles` and `estimated_flash` (bytes, code and constants) are of all kernels that
    were chosen together, for these operators; they serve to compare, and are no measurement.
    """

    layer: int
    operators: tuple[str, ...]
    output: str
    kernel_set: str
    kernel: str
    why: str
    estimated_cycles: int
    estimated_flash: int
    others: tuple[NotTaken, ...]


@dataclass(frozen=True)
class Estimate:
    """What all layers take, estimated, beside what they would take of the portable kernels."""

    optimized_for: str
    cycles: int
    portable_cycles: int
    flash: int
    """Bytes of layers' code and constants."""
    portable_flash: int
    scratch: int
    """Bytes of RAM, at the most, beside the tensors."""
    portable_scratch: int
    instructions: int
    instructions_without_stripes: int
    """The same where no layers are computed in stripes of rows."""
    arena_without_stripes: int
    """Bytes."""


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
    arena_peak: str | None = None
    """Where most of it is in use, in words."""
    arena_overhead_bytes: int | None = None
    """What starting takes beyond the arena that the engine then says it uses; None: not known."""
    build_flags: tuple[str, ...] = ()
    """What all of the firmware is compiled with."""
    library_flags: tuple[str, ...] = ()
    """What the library of the model is compiled with, after a framework's own flags."""
    alone: bool = False
    """Whether that library needs nothing beside itself."""
    choices: tuple[LayerKernel, ...] = ()
    """Layer by layer, where the engine chooses."""
    estimate: Estimate | None = None
    scripts: tuple[str, ...] = ()
    """Files of the project that PlatformIO runs before a build."""
    notes: tuple[str, ...] = ()
    """What a person should know of it."""
    npu: VelaEstimate | None = None
    """What an NPU takes, estimated, where the firmware uses one."""


@dataclass(frozen=True, eq=False)
class Plain:
    """A program in which one layer is computed by the kernel that every other is held against, and
    which layer that is."""

    traced: Traced
    layer: int
    made: Made


class Engine(ABC):
    """How a model runs on a device."""

    name: ClassVar[EngineName]
    options: ClassVar[frozenset[str]]
    """Those of the engines' options, by their fields' names, that this engine takes."""

    @abstractmethod
    def kernel_sets(self, board: Board) -> tuple[str, ...]:
        """The names of the kernel sets there are for the board, the best one first."""

    @abstractmethod
    def needs(self, model: Int8Model, kernel_sets: Sequence[str], board: Board) -> Iterator[Needs]:
        """What a model takes of the board, with these kernel sets, as far as that is known before a
        build; then what else is tried where there is no room for that. Raises UnsupportedModel."""

    @abstractmethod
    def make(self, job: Job) -> Made:
        """The model's sources for the job's board. Raises UnsupportedModel and DoesNotFit."""

    @abstractmethod
    def follow(self, job: Job) -> Traced:
        """The layers of what `make` makes."""

    @abstractmethod
    def followed(
        self, files: Mapping[str, bytes], layers: int, identity: Identity
    ) -> dict[str, bytes]:
        """Those of a project's `files` that firmware which notes the layers of its model, so many,
        has otherwise."""

    @abstractmethod
    def plain(self, job: Job, layer: int) -> Plain | None:
        """What `make` makes, but for this layer; None where that is plain as it is."""

    @abstractmethod
    def without(self, job: Job, layer: int) -> str:
        """The option that builds firmware without the kernel of this layer; empty where it is
        plain."""

    def check(self, options: BuildOptions, board: Board) -> None:
        """InputError for an option that this engine does not take, or a kernel set that it has not
        on the board."""
        for name, flag in given(options).items():
            if name not in self.options:
                raise not_taken(flag, [self])
        sets = self.kernel_sets(board)
        if options.kernel_set is not None and options.kernel_set not in sets:
            raise InputError(
                f"{board.id} has no kernel set {options.kernel_set} for the engine {self.name}",
                why=f"kernel sets there: {', '.join(sets) or 'none'}",
                next_step="leave --kernel-set out for the board's own choice",
            )


def not_taken(flag: Flag, engines: Sequence[Engine]) -> InputError:
    """The error for an option that none of the engines takes."""
    names = flags(BuildOptions)
    taken = sorted({names[name].name for engine in engines for name in engine.options})
    return InputError(
        f"{flag.name} is no option of the engine {' or '.join(e.name for e in engines)}",
        why=f"of the engines' options it takes {', '.join(taken) or 'none'}",
        next_step=f"leave {flag.name} out, or choose another engine with --engine",
    )


def edge_values(
    inputs: Sequence[Edge], outputs: Sequence[Edge], *, typed: bool = False
) -> dict[str, object]:
    """What the templates of `model.h` and its company say of the model's edges: of int8 ones alone
    no types, unless that is wanted."""
    typed = typed or any(edge.dtype is not DType.INT8 for edge in (*inputs, *outputs))
    return {
        "inputs": [csource.edge(edge) for edge in inputs],
        "outputs": [csource.edge(edge) for edge in outputs],
        "typed": typed,
        "tensor": "model_typed_tensor" if typed else "model_tensor",
        "types": [(dtype.name, dtype.wire) for dtype in DType if dtype.wire is not None],
        "input_type": _common_type(inputs),
        "output_type": _common_type(outputs),
    }


def _common_type(edges: Sequence[Edge]) -> str:
    """Their type in C, `void` where they differ."""
    types = {edge.dtype.c_name for edge in edges}
    return types.pop() if len(types) == 1 else "void"


def said_of_itself(identity: Identity) -> dict[str, str]:
    """What every template of `model.h` and its company says of the model, as C text."""
    return {
        "title": csource.comment(identity.name),
        "version": identity.version,
        "sha256": identity.sha256,
        "name": csource.string(identity.name),
        "engine": csource.string(identity.engine),
        "board": csource.string(identity.board),
    }
