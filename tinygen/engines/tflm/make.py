"""The door of the tflm engine: a job in, the interpreter and the model's sources out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from tinygen.boards import Board, EngineName
from tinygen.boards.fit import Needs, fit
from tinygen.engines.engine import Engine, Job, Made, Plain
from tinygen.engines.tflm import npu
from tinygen.engines.tflm.arena import Arena
from tinygen.engines.tflm.compile import compile_model, computed
from tinygen.engines.tflm.compile_npu import compile_for_npu
from tinygen.engines.tflm.follow import follow, followed
from tinygen.engines.tflm.kernel_sets import KernelSet, kernel_set, kernel_sets, pins
from tinygen.engines.tflm.source import ETHOS_U, installed, setup
from tinygen.engines.traced import Traced
from tinygen.errors import UnsupportedModel
from tinygen.ir import Int8Model
from tinygen.npu.vela import Compiled
from tinygen.options import BuildOptions
from tinygen.pio import core
from tinygen.pio.toolchain import require_toolchain
from tinygen.templates import Identity


class Tflm(Engine):
    """TensorFlow Lite Micro's interpreter."""

    name: ClassVar[EngineName] = "tflm"
    options: ClassVar[frozenset[str]] = frozenset({"kernel_set", "arena", "debug", "npu"})

    def kernel_sets(self, board: Board) -> tuple[str, ...]:
        return kernel_sets(board)

    def needs(self, model: Int8Model, kernel_sets: Sequence[str], board: Board) -> Iterator[Needs]:
        """The flatbuffer, and the arena as it is computed: running the interpreter, which finds it,
        takes a build."""
        arena = computed(model, KernelSet(kernel_sets[0]), board) if kernel_sets else None
        constants, subject = len(model.content), "the flatbuffer"
        yield Needs(constants, arena, subject, estimated=arena is not None)

    def make(self, job: Job) -> Made:
        kernels = kernel_set(job.board, job.options.kernel_set)
        (needs,) = self.needs(job.model, (kernels.value,), job.board)
        fit(job.board, needs).require()
        require_toolchain(job.board, cxx=True)
        cache = core.cache_dir()
        name = job.options.npu
        needed = pins(kernels) if name is None else (*pins(kernels), ETHOS_U)
        tree = installed(cache, needed)
        if tree is None:
            job.options.progress.stage("Obtaining TensorFlow Lite Micro")
            tree = setup(cache, progress=job.options.progress, pins=needed)
        given = (job.model, job.board, kernels, tree, cache, job.identity, job.options)
        firmware = compile_model(*given) if name is None else compile_for_npu(*given, name)
        arena, rewritten = firmware.arena, firmware.npu
        best = None if arena.measured is None else arena.measured.best
        return Made(
            files=firmware.files,
            kernel_set=kernels.value,
            layers=len(rewritten.file.calls if rewritten else firmware.graph.nodes),
            macs=sum(n.op.macs(firmware.graph.operands(n)) for n in firmware.graph.nodes),
            constant_bytes=firmware.model_bytes,
            arena_bytes=arena.bytes,
            arena_minimum_bytes=None if arena.estimated else arena.needed,
            arena_place=arena.place,
            arena_overhead_bytes=None if best is None else best.bytes - best.used,
            build_flags=firmware.build_flags,
            scripts=firmware.scripts,
            notes=tuple(_npu_notes(rewritten, arena) if rewritten else _notes(arena)),
            npu=None if rewritten is None else rewritten.estimate,
        )

    def check(self, options: BuildOptions, board: Board) -> None:
        super().check(options, board)
        if options.npu is not None:
            npu.require(board, options.npu)

    def follow(self, job: Job) -> Traced:
        if job.options.npu is not None:
            raise UnsupportedModel(
                f"the layers of '{job.model.name}' cannot be followed on {job.options.npu}",
                why="the NPU has them as one stream of commands",
                next_step="build without --npu to look into the model",
            )
        return follow(job.model, kernel_set(job.board, job.options.kernel_set))

    def followed(
        self, files: Mapping[str, bytes], layers: int, identity: Identity
    ) -> dict[str, bytes]:
        del layers, identity  # the interpreter tells of whatever it runs
        return followed(files["platformio.ini"].decode("utf-8", "surrogateescape"))

    def plain(self, job: Job, layer: int) -> Plain | None:
        if not self.without(job, layer):
            return None
        other = replace(job, options=replace(job.options, kernel_set=KernelSet.REFERENCE.value))
        return Plain(self.follow(other), layer, self.make(other))

    def without(self, job: Job, layer: int) -> str:
        del layer  # one set serves all operators
        reference, there = KernelSet.REFERENCE, kernel_sets(job.board)
        chosen = kernel_set(job.board, job.options.kernel_set)
        plain = chosen is reference or reference.value not in there
        return "" if plain else f"--kernel-set {reference.value}"


def _npu_notes(made: Compiled, arena: Arena) -> Iterator[str]:
    yield from npu.notes(made.estimate, (kind for kind, _ in made.on_processor))
    if arena.asked:
        yield f"arena of {arena.bytes:,} bytes as asked for"
    if arena.measured is not None:
        size, board = arena.measured.best.bytes, arena.measured.board
        yield f"{size:,} bytes are allocated in, on {board}, which has no NPU: nothing was computed"


def _notes(arena: Arena) -> Iterator[str]:
    measured = arena.measured
    if arena.asked:
        yield f"arena of {arena.bytes:,} bytes as asked for"
    if measured is None:
        yield "how much it needs was not measured"
        return
    size = measured.best.bytes
    margin = "" if arena.asked else f", margin {arena.bytes - size:,} bytes"
    if measured.not_measured:
        yield (
            f"{size:,} bytes COMPUTED, not measured{margin}: {measured.not_measured}; `tinygen "
            "verify` says what would do on the device"
        )
    else:
        guess = ", an ESTIMATE: the device's core is another" if arena.estimated else ""
        yield f"{size:,} bytes measured on {measured.board}{margin}{guess}"
    used = "used" if measured.offline_plan else "not used"
    yield (
        f"with our memory plan {measured.planned.bytes:,} bytes ({used}), "
        f"with TFLM's own {measured.greedy.bytes:,} bytes"
    )
