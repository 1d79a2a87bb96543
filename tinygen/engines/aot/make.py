"""The door of the aot engine: a job in, the model's sources out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar

from tinygen.boards import ArenaPlace, Board, Core, EngineName
from tinygen.boards.fit import Needs
from tinygen.engines.aot.best import best_program, in_words
from tinygen.engines.aot.fit import needs, place_program
from tinygen.engines.aot.follow import follow, followed
from tinygen.engines.aot.functions import shares_shapes
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import kernel_sets, named
from tinygen.engines.aot.kernel_sets.portable.families import FAMILIES
from tinygen.engines.aot.offers import Candidate, Offer
from tinygen.engines.aot.optimized import left_out, optimized
from tinygen.engines.aot.plain import is_plain, with_plain, without
from tinygen.engines.aot.program import Layer, Program
from tinygen.engines.aot.render import model_files
from tinygen.engines.engine import Engine, Estimate, Job, LayerKernel, Made, NotTaken, Plain
from tinygen.engines.traced import Traced
from tinygen.errors import DoesNotFit
from tinygen.ir import PORTABLE, Int8Model
from tinygen.project import sources
from tinygen.project.library import SOURCES
from tinygen.project.naming import MODEL, file_name
from tinygen.templates import Identity

SPEED_FLAGS = ("-O2",)
"""With a framework's own -Os a Cortex-M4 executes a quarter more."""

BUILD_FLAGS = ("-fno-tree-reassoc",)
"""GCC would regroup the sums of dot products, which costs registers: 5 to 8 % more instructions on
a Cortex-M4."""

SIZE_FLAGS = ("-Os", "-fno-ivopts")
"""For size. GCC's choice of loop variables spends registers, and 100 bytes of 4,100 on vww."""


class Aot(Engine):
    """Ahead-of-time compiled C."""

    name: ClassVar[EngineName] = "aot"
    options: ClassVar[frozenset[str]] = frozenset({"kernel_set", "optimize", "without"})

    def kernel_sets(self, board: Board) -> tuple[str, ...]:
        return kernel_sets(board)

    def needs(self, model: Int8Model, kernel_sets: Sequence[str], board: Board) -> Iterator[Needs]:
        for goal in Goal.BALANCED.tried:
            yield needs(_compiled(model, tuple(kernel_sets), goal, board.core))

    def make(self, job: Job) -> Made:
        return _made(job, *_fitting(job, self._sets(job)))

    def follow(self, job: Job) -> Traced:
        return follow(_fitting(job, self._sets(job))[1], job.identity.c_name)

    def followed(
        self, files: Mapping[str, bytes], layers: int, identity: Identity
    ) -> dict[str, bytes]:
        file = file_name(f"{SOURCES}/{MODEL}.c", identity.c_name)
        done = followed(files[file].decode("utf-8", "surrogateescape"), layers, identity.c_name)
        return {file: done.encode("utf-8", "surrogateescape")}

    def plain(self, job: Job, layer: int) -> Plain | None:
        goal, program, _ = _fitting(job, self._sets(job))
        if is_plain(program.layers[layer]):
            return None
        other, now = with_plain(program, layer, goal, job.board.core)
        place = place_program(other, job.board)
        return Plain(follow(other, job.identity.c_name), now, _made(job, goal, other, place))

    def without(self, job: Job, layer: int) -> str:
        _, program, _ = _fitting(job, self._sets(job))
        kernels = [one.call.kernel for one in program.layers[layer].unrolled if not is_plain(one)]
        return f"--without {'/'.join(kernels[0])}" if kernels else ""

    def _sets(self, job: Job) -> tuple[str, ...]:
        """The names of the kernel sets to choose from."""
        if job.options.kernel_set is not None:
            return tuple(dict.fromkeys((job.options.kernel_set, "portable")))
        return self.kernel_sets(job.board)


def _made(job: Job, goal: Goal, program: Program, place: ArenaPlace) -> Made:
    together, typed = job.together, job.typed
    model = model_files(program, job.identity, place, together=together, typed=typed)
    asked = job.options.optimize
    smaller = f"there is no room for the kernels of --optimize {asked}: smaller ones are used"
    return Made(
        files={
            **sources.kernel_files(program.kernels),
            **{f"{SOURCES}/{name}": text.encode() for name, text in model.items()},
        },
        kernel_set="+".join(dict.fromkeys(layer.call.kernel.set for layer in program.unrolled))
        or PORTABLE,
        layers=len(program.layers),
        macs=program.macs,
        constant_bytes=program.constant_bytes,
        arena_bytes=program.plan.arena_bytes,
        arena_minimum_bytes=program.plan.minimum_bytes,
        arena_place=place,
        library_flags=library_flags(program, goal, job.board),
        alone=True,
        arena_peak=None if program.peak is None else program.peak.place,
        choices=tuple(
            _chosen(one, layer.index) for layer in program.layers for one in layer.unrolled
        ),
        estimate=_estimate(program, goal),
        notes=(
            *left_out(job.model),
            *in_words(program),
            *((smaller,) if goal.value != asked else ()),
        ),
    )


def _compiled(
    model: Int8Model,
    sets: tuple[str, ...],
    goal: Goal,
    core: Core,
    left_out: tuple[str, ...] = (),
) -> Program:
    return _compiled_for(model, sets, goal, like(core), left_out)


@lru_cache(maxsize=32)
def _compiled_for(
    model: Int8Model,
    sets: tuple[str, ...],
    goal: Goal,
    core: Core,
    left_out: tuple[str, ...],
) -> Program:
    return best_program(optimized(model), without(named(sets), left_out), goal, core)


def like(core: Core) -> Core:
    """The first core that a program is the same for: all that is asked of one is its family, and
    whether shapes share functions."""
    asked = FAMILIES.get(core), shares_shapes(core)
    return next(one for one in Core if (FAMILIES.get(one), shares_shapes(one)) == asked)


def _fitting(job: Job, sets: tuple[str, ...]) -> tuple[Goal, Program, ArenaPlace]:
    """The program as asked for, or where the board has no room for it, a smaller one. DoesNotFit
    is about the first."""
    refused: DoesNotFit | None = None
    for goal in Goal(job.options.optimize).tried:
        program = _compiled(job.model, sets, goal, job.board.core, job.options.without)
        try:
            return goal, program, place_program(program, job.board)
        except DoesNotFit as error:
            refused = refused or error
    assert refused is not None
    raise refused


def library_flags(program: Program, goal: Goal, board: Board) -> tuple[str, ...]:
    """The compiler's flags for the model's C, whatever a framework compiles the rest with: they
    come last, so that the level that the board is given for speed is among them."""
    own = tuple(flag for flag in board.platformio.build_flags if flag.startswith("-O"))
    level = SIZE_FLAGS if goal is Goal.SIZE else own or SPEED_FLAGS
    return tuple(dict.fromkeys((*level, *build_flags(program, board))))


def build_flags(program: Program, board: Board) -> tuple[str, ...]:
    """The flags that are not about size or speed, less those that are wrong for the board: those of
    every set that is used come last."""
    used = named({kernel.set for kernel in program.kernels})
    flags = dict.fromkeys((*BUILD_FLAGS, *(f for there in used for f in there.build_flags)))
    return tuple(flag for flag in flags if flag not in board.platformio.build_unflags)


def _chosen(layer: Layer, number: int) -> LayerKernel:
    """What was chosen for a layer and why, for people and programs; in a loop the number is that
    of the loop."""
    taken = layer.choice.taken
    return LayerKernel(
        layer=number,
        operators=tuple(node.op.kind for node in taken.nodes),
        output=layer.title,
        kernel_set=layer.call.kernel.set,
        kernel=layer.call.kernel.name,
        why=taken.why,
        estimated_cycles=taken.cost.cycles,
        estimated_flash=taken.cost.flash,
        others=tuple(_not_taken(offer) for offer in layer.choice.others),
    )


def _not_taken(offer: Offer) -> NotTaken:
    cost = offer.answer.cost if isinstance(offer.answer, Candidate) else None
    return NotTaken(
        kernel_set=offer.set,
        why=offer.answer.why,
        estimated_cycles=None if cost is None else cost.cycles,
        estimated_flash=None if cost is None else cost.flash,
    )


def _estimate(program: Program, goal: Goal) -> Estimate:
    taken, portable, whole = program.estimate, program.portable_estimate, program.plain or program
    return Estimate(
        optimized_for=goal.value,
        cycles=taken.cycles,
        portable_cycles=portable.cycles,
        flash=taken.flash,
        portable_flash=portable.flash,
        scratch=taken.scratch,
        portable_scratch=portable.scratch,
        instructions=taken.instructions,
        instructions_without_stripes=whole.estimate.instructions,
        arena_without_stripes=whole.plan.arena_bytes,
    )
