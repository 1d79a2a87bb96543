"""verify(): every vector of the project through the device, and the verdict."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinygen import passes, tflite
from tinygen.api.board import project_board
from tinygen.api.built import Built, look
from tinygen.api.flash import device_port, given_port
from tinygen.boards import Board, Qemu
from tinygen.devices.link import Session, open_device
from tinygen.devices.link.hello import Hello
from tinygen.engines import tflm
from tinygen.engines.tflm import KernelSet, arena
from tinygen.errors import DeviceError, InputError, Mismatch
from tinygen.ir import Array
from tinygen.printable import shell_word
from tinygen.progress import SILENT, Progress
from tinygen.project.folder import MODEL, VECTORS, Project, open_project
from tinygen.proof import verdict
from tinygen.proof.doubt import far_from_litert, same_as_reference, unproven
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import Accuracy, FirstMismatch, OutputReport, Verdict

EXIT_CODES = {
    Verdict.MATCH: 0,
    Verdict.MISMATCH: Mismatch.exit_code,
    Verdict.UNVERIFIED: DeviceError.exit_code,
}


@dataclass(frozen=True)
class Cost:
    """What one inference takes on the device: least, mean and most over the vectors."""

    unit: str
    """`instructions` on an emulated board, else `microseconds`."""
    minimum: int
    mean: int
    maximum: int


@dataclass(frozen=True)
class Runs:
    """What the device says that it runs."""

    model: str
    model_sha256: str
    board: str
    engine: str
    build_id: str
    compiler: str


@dataclass(frozen=True)
class VerifyResult:
    """What the device computed, held against the oracle. Sizes in bytes."""

    verdict: Verdict
    reason: str
    doubt: str
    """What speaks against the oracle, whatever the verdict; empty where nothing does."""
    next_step: str
    project: Path
    model: str
    model_sha256: str
    board: str
    engine: str
    build_id: str
    """Of the project's sources as they are now."""
    device: Runs | None
    """None where no device answered."""
    port: str
    oracle: str
    data: str | None
    vectors: int
    """Vectors that were run; less than the project has when the device was lost."""
    vectors_total: int
    elements: int
    mismatched_elements: int
    max_abs_diff_lsb: int
    outputs: tuple[OutputReport, ...]
    first_mismatch: FirstMismatch | None
    accuracy: Accuracy | None
    litert: str | None
    cost: Cost | None
    startup: int | None
    """What starting the model took, in the unit of `cost`."""
    arena_bytes: int | None
    arena_used_bytes: int | None
    """What the engine says it uses. TFLM's interpreter needs some more to start."""
    arena_enough_bytes: int | None
    """A smaller arena that would do, by what the device says it uses; None when there is none."""
    stack_used_bytes: int | None
    retries: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 for MATCH, 4 for MISMATCH, 6 for UNVERIFIED."""
        return EXIT_CODES[self.verdict]

    @property
    def instructions(self) -> int | None:
        """Mean instructions per inference, where the device counts instructions."""
        return self.cost.mean if self.cost and self.cost.unit == "instructions" else None


def verify(
    project: str | Path | None = None,
    *,
    port: str | None = None,
    limit: int | None = None,
    progress: Progress = SILENT,
) -> VerifyResult:
    """Run the project's vectors on the device and compare every output element.

    Without `port` an emulated board's recorded emulator is used, and started if need be, and
    hardware is found by its USB id where only one port fits. A device that runs anything but the
    firmware of the project's sources as they are now, or is lost on the way, gives the verdict
    UNVERIFIED with the reason; a port that cannot be opened raises DeviceError, an emulated board's
    project that was not built, or edited since, InputError.
    """
    current = open_project(None if project is None else Path(project))
    board = project_board(current)
    if limit is not None and limit < 1:
        raise InputError("at least one vector has to be run", next_step="--vectors 1 or more")
    checks = _vectors(current)
    built = look(current, board)
    url = given_port(port) or device_port(built, progress)
    run = _Run(built, checks, url)
    with Session(open_device(board, url)) as session:
        run.execute(session, min(limit or len(checks), len(checks)), progress)
    return run.result()


def _vectors(project: Project) -> Vectors:
    """The project's vectors; InputError where they are another model's than the manifest's."""
    checks = Vectors.from_bytes(project.read(VECTORS))
    model = project.manifest.model
    for edges, arrays in ((model.inputs, checks.inputs), (model.outputs, checks.expected)):
        if [edge.shape for edge in edges] != [array.shape[1:] for array in arrays]:
            raise InputError(
                f"the test vectors of {project.path} are not of its model",
                why=f"{VECTORS} and tinygen.json differ in the shapes of inputs or outputs",
                next_step="build the project again",
            )
    return checks


class _Run:
    """One pass over the vectors, and what it found so far."""

    def __init__(self, built: Built, checks: Vectors, port: str) -> None:
        self._built = built
        self._project = built.project
        self._board = built.board
        self._checks = checks
        self._port = port
        self._started = time.monotonic()
        self._runs: Runs | None = None
        self._hello: Hello | None = None  # of the project's own firmware only
        self._lost: DeviceError | None = None
        self._retries = 0
        self._ticks: list[int] = []
        self._stack = 0
        self._device: tuple[list[Array], ...] = tuple([] for _ in checks.expected)

    def execute(self, session: Session, count: int, progress: Progress) -> None:
        progress.stage(f"Verifying {self._project.model} on {self._board.id}")
        try:
            hello = session.hello()
            self._runs = Runs(
                model=hello.model,
                model_sha256=hello.model_sha256,
                board=hello.board,
                engine=hello.engine,
                build_id=hello.build_id,
                compiler=hello.compiler,
            )
            self._built.require_on(hello)
            self._require_same_tensors(hello)
            self._hello = hello
            hello.require_ready()
            for i in range(count):
                self._one(session, i)
                progress.count(i + 1, count)
        except DeviceError as error:
            self._lost = error
        self._retries = session.retries

    def _require_same_tensors(self, hello: Hello) -> None:
        """A device is not trusted to have the tensors of the firmware that it names."""
        for told, known in (
            (hello.inputs, self._checks.inputs),
            (hello.outputs, self._checks.expected),
        ):
            device = ", ".join(f"{t.nbytes} bytes of {t.dtype.value}" for t in told)
            vectors = ", ".join(f"{v[0].nbytes} bytes of {v.dtype}" for v in known)
            if device != vectors:
                raise DeviceError(
                    f"the device has tensors of {device}, the project of {vectors}",
                    why="its description is not that of the firmware which it names",
                    next_step=f"tinygen flash {shell_word(self._project.path)}",
                )

    def _one(self, session: Session, index: int) -> None:
        answer = session.infer([value[index].tobytes() for value in self._checks.inputs])
        for column, raw, expected in zip(
            self._device, answer.outputs, self._checks.expected, strict=True
        ):
            column.append(np.frombuffer(raw, dtype=expected.dtype).reshape(expected.shape[1:]))
        self._ticks.append(answer.ticks)
        self._stack = max(self._stack, answer.stack_used)

    def result(self) -> VerifyResult:
        manifest = self._project.manifest
        tensors = manifest.model.outputs
        count = len(self._ticks)
        device = [np.stack(column) for column in self._device] if count else []
        reports = verdict.compare(tensors, self._checks, device) if count else ()
        mismatched = sum(r.device.mismatched_elements for r in reports)
        unsure = unproven(self._checks)
        if mismatched and self._as_reference(device):
            decision = Verdict.UNVERIFIED
            reason = (
                f"{mismatched} output elements are not {self._checks.oracle}'s, but all are those "
                "of tinygen's numpy reference: the oracle is in doubt, not the device"
            )
        elif mismatched:  # proven, even when the device was lost afterwards
            decision, reason = Verdict.MISMATCH, f"{mismatched} output elements differ"
        elif self._lost is not None:
            decision, reason = Verdict.UNVERIFIED, self._lost.what
        elif unsure:
            decision = Verdict.UNVERIFIED
            reason = f"the device computes what tinygen's numpy reference does, but {unsure}"
        else:
            decision, reason = Verdict.MATCH, ""
        hello = self._hello
        return VerifyResult(
            verdict=decision,
            reason=reason,
            doubt=far_from_litert(self._checks),
            next_step=self._next_step(decision),
            project=self._project.path,
            model=self._project.model,
            model_sha256=self._project.model_sha256,
            board=self._board.id,
            engine=manifest.engine,
            build_id=self._built.build_id,
            device=self._runs,
            port=self._port,
            oracle=self._checks.oracle,
            data=None if manifest.data is None else manifest.data.source,
            vectors=count,
            vectors_total=len(self._checks),
            elements=sum(r.elements for r in reports),
            mismatched_elements=mismatched,
            max_abs_diff_lsb=max((r.device.max_abs_diff_lsb for r in reports), default=0),
            outputs=reports,
            first_mismatch=verdict.first_mismatch(tensors, self._checks, device) if count else None,
            accuracy=verdict.accuracy(self._checks, device) if count else None,
            litert=self._checks.litert.name if self._checks.litert else None,
            cost=_cost(self._board, self._ticks, hello),
            startup=_startup(self._board, hello),
            arena_bytes=hello.arena_bytes if hello else None,
            arena_used_bytes=hello.arena_used if hello else None,
            # Of firmware that is not known to be this project's, nothing can be said.
            arena_enough_bytes=_enough(hello, manifest.arena.overhead_bytes)
            if decision is Verdict.MATCH
            else None,
            stack_used_bytes=self._stack or None,
            retries=self._retries,
            seconds=time.monotonic() - self._started,
        )

    def _as_reference(self, device: Sequence[Array]) -> bool:
        """Whether tinygen's reference, asked again, sides with the device."""
        with contextlib.suppress(InputError):  # an edited or damaged model says nothing
            content = self._project.read(MODEL)
            if hashlib.sha256(content).hexdigest() == self._project.model_sha256:
                graph = passes.simplify(tflite.read(content, self._project.model))
                return same_as_reference(graph, self._checks, device)
        return False

    def _next_step(self, decision: Verdict) -> str:
        if decision is not Verdict.MISMATCH or self._project.manifest.engine != "tflm":
            return self._lost.next_step if self._lost else ""
        kernels, reference = self._project.manifest.kernel_set, KernelSet.REFERENCE.value
        if kernels != reference and reference in tflm.kernel_sets(self._board):
            return (
                f"build with --kernel-set {reference}: if that matches, the {kernels} kernels "
                "are wrong on this device"
            )
        return "build with --engine aot: if that matches, the interpreter's build is at fault"


def _cost(board: Board, ticks: Sequence[int], hello: Hello | None) -> Cost | None:
    """None where the device's ticks mean neither instructions nor time."""
    if not ticks or hello is None:
        return None
    unit, least = _measured(board, min(ticks), hello)
    _, mean = _measured(board, sum(ticks) // len(ticks), hello)
    _, most = _measured(board, max(ticks), hello)
    if least is None or mean is None or most is None:
        return None
    return Cost(unit, least, mean, most)


def _enough(hello: Hello | None, overhead: int | None) -> int | None:
    """A smaller arena that would do: starting takes `overhead` bytes more than are used then."""
    if hello is None or overhead is None:
        return None
    enough = arena.aligned(hello.arena_used + overhead)
    return enough if enough < hello.arena_bytes else None


def _startup(board: Board, hello: Hello | None) -> int | None:
    return None if hello is None else _measured(board, hello.init_ticks, hello)[1]


def _measured(board: Board, ticks: int, hello: Hello) -> tuple[str, int | None]:
    """Unit and amount; no amount where an emulator does not count instructions."""
    if isinstance(board.device, Qemu):
        return "instructions", board.device.instructions(ticks)
    if hello.tick_hz == 0:
        return "microseconds", None
    return "microseconds", ticks * 1_000_000 // hello.tick_hz
