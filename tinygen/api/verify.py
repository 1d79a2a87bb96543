"""verify(): every vector of the project through the device, and the verdict."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinygen.api.board import project_board
from tinygen.api.built import look
from tinygen.api.connection import Connection
from tinygen.api.cost import Cost, cost_of, startup_of
from tinygen.api.crash import explained
from tinygen.api.in_memory import data_file
from tinygen.api.limits import time_limit
from tinygen.api.memory_used import enough_arena, full_stack, with_arena
from tinygen.api.own_data import own_vectors, project_model, require_limits, stored_vectors
from tinygen.api.results import keep
from tinygen.api.shown import Shown
from tinygen.api.vectors_run import Runs, VectorsRun
from tinygen.devices.link.deadline import Deadline
from tinygen.devices.link.faults import Failed
from tinygen.devices.link.hello import Hello
from tinygen.devices.link.recording import open_recording
from tinygen.errors import DeviceError, InputError, Mismatch
from tinygen.ir import Array
from tinygen.options import Data
from tinygen.printable import shell_word
from tinygen.progress import SILENT, Progress
from tinygen.project.folder import Project, open_project
from tinygen.proof import rating, verdict
from tinygen.proof.doubt import far_from_litert, same_as_reference, unproven
from tinygen.proof.rating import Accuracy, Regression
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import FirstMismatch, OutputReport, Verdict
from tinygen.proof.worst import WorstVector, worst

EXIT_CODES = {
    Verdict.MATCH: 0,
    Verdict.MISMATCH: Mismatch.exit_code,
    Verdict.WITHIN: 0,
    Verdict.UNVERIFIED: DeviceError.exit_code,
}


@dataclass(frozen=True, repr=False)
class VerifyResult(Shown):
    """What the device computed, held against the oracle. Sizes in bytes."""

    verdict: Verdict
    reason: str
    doubt: str
    """What speaks against the oracle, whatever the verdict; empty where nothing does."""
    why: str
    """More of the reason, maybe in several lines: what the device said instead of an answer."""
    next_step: str
    project: Path
    model: str
    model_sha256: str
    board: str
    c_name: str
    """What the model is called in C."""
    engine: str
    build_id: str
    """Of the project's sources as they are now."""
    device: Runs | None
    """None where no device answered."""
    port: str
    oracle: str
    data: str | None
    """Where the calibration data came from; None for a model that was int8 already."""
    samples: str | None
    """The data set of one's own that was run; None where it was the project's vectors."""
    vectors: int
    """Vectors that were run; less than the project has when the device was lost."""
    vectors_total: int
    elements: int
    mismatched_elements: int
    max_abs_diff_lsb: int
    atol_lsb: int
    """How far off an element was allowed to be: 0 for bit for bit."""
    outputs: tuple[OutputReport, ...]
    first_mismatch: FirstMismatch | None
    accuracy: Accuracy | None
    regression: Regression | None
    """How far the first output is from what the data say it should be, where they say values."""
    worst: tuple[WorstVector, ...]
    """The vectors to look at first; none where nothing is wrong and there is no float model."""
    litert: str | None
    cost: Cost | None
    startup: int | None
    """What starting the model took, in the unit of `cost`."""
    arena_bytes: int | None
    arena_used_bytes: int | None
    """What the engine says it uses. TFLM's interpreter needs some more to start."""
    arena_enough_bytes: int | None
    """A smaller arena that would do, by what the device says it uses; None when there is none."""
    arena_command: str
    """What builds the project with it, by the names of the files that it was made of; or empty."""
    stack_used_bytes: int | None
    reset: str
    """What started the device last, as it says; empty where it does not know."""
    fault: str
    """The words of the fault that the program before that start ended in, explained."""
    baud: int | None
    """Bits per second that were talked at in the end; None where there is no serial line."""
    retries: int
    """Requests that were sent again, and inferences that were asked for anew."""
    reconnects: int
    """How often the port was lost and came back."""
    vectors_per_second: float | None
    """From the first vector to the last, over the line and with the host's work; None of none."""
    seconds: float
    limit_seconds: float
    """What all of it was allowed to take."""
    models: tuple[VerifyResult, ...] = ()
    """Of firmware with several models the result of each; all else is that of the worst."""

    @property
    def exit_code(self) -> int:
        """0 for MATCH and WITHIN, 4 for MISMATCH, 6 for UNVERIFIED."""
        return EXIT_CODES[self.verdict]

    @property
    def instructions(self) -> int | None:
        """Mean instructions per inference, where the device counts instructions."""
        return self.cost.mean if self.cost and self.cost.unit == "instructions" else None


def verify(
    project: str | Path | None = None,
    *,
    model: str | None = None,
    port: str | None = None,
    data: Data | None = None,
    labels: str | Path | None = None,
    image_range: tuple[float, float] | None = None,
    vectors: int | None = None,
    atol: int = 0,
    timeout: float | None = None,
    spy: str | Path | None = None,
    baud: int | None = None,
    trust_project: bool = False,
    progress: Progress = SILENT,
) -> VerifyResult:
    """Run test vectors on the device and hold every output element against the host's.

    Parameters
    ----------
    project : str or Path, optional
        A project folder; without it the last build of this directory.
    model : str, optional
        What the model is called in C; without it all that the firmware has.
    port : str, optional
        A serial device or a pyserial URL. Without it the emulator that `flash` started, or the one
        port with the board's USB id.
    data : path, array, arrays by name, (x, y) or batches of such, optional
        Samples of one's own, real values as in training, instead of the project's vectors. The host
        computes what it expects of them there and then.
    labels : str or Path, optional
        A file with the label of each sample of `data`: a number or a name a line (.txt, .csv), or
        an array (.npy, .npz).
    image_range : (float, float), optional
        What 0 and 255 of image files are to the model; without it as it was quantized.
    vectors : int, optional
        How many are run, from the first one on; without it all.
    atol : int
        How many LSB an output element may be off: the verdict is then WITHIN, not MATCH.
    timeout : float, optional
        Seconds that all of it may take; without it by the model and the line, and shown.
    spy : str or Path, optional
        A file to which every byte of the conversation is written; ``port="replay:FILE"`` plays it.
    baud : int, optional
        The most bits per second to talk at. Without it a board's fastest is tried where there is
        much to send.
    trust_project : bool
        Run what a project folder or a board file of somebody else's brings.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    VerifyResult
        The verdict and what it rests on. A device that runs anything but the firmware of the
        project's sources as they are now, is lost on the way, or is not done in time, gives
        UNVERIFIED with the reason.

    Raises
    ------
    InputError
        For options, data or labels that do not fit, and an emulated board's or a process's project
        that was not built, or edited since.
    DeviceError
        For a port that cannot be opened.
    UntrustedProject
        For a project that would run what this machine's tinygen did not write, unless
        `trust_project`.

    Examples
    --------
    >>> import tinygen
    >>> result = tinygen.verify("firmware", vectors=7)
    >>> result.verdict
    <Verdict.MATCH: 'MATCH'>
    >>> result
    VerifyResult(verdict=MATCH, project='firmware', model='digits', board='qemu-cortex-m3', ...)
    """
    whole = open_project(None if project is None else Path(project))
    if model is None and data is None and spy is None and len(whole.manifest.names) > 1:
        each = tuple(
            verify(
                whole.path,
                model=name,
                port=port,
                vectors=vectors,
                atol=atol,
                timeout=timeout,
                baud=baud,
                trust_project=trust_project,
                progress=progress,
            )
            for name in whole.manifest.names
        )
        return replace(each[verdict.worst_of([one.verdict for one in each])], models=each)
    current = whole.about(model)
    board = project_board(current)
    require_limits(vectors, timeout)
    if atol < 0:
        raise InputError(f"--atol is {atol}", next_step="--atol 0 or more, in LSB")
    if baud is not None and baud < board.serial.baud:
        raise InputError(
            f"{baud} baud is less than {board.id} starts with",
            why=f"its firmware opens the port at {board.serial.baud}",
            next_step=f"--baud {board.serial.baud} or more",
        )
    if labels is not None and data is None:
        raise InputError(
            "--labels was given without --data",
            why="they are the labels of its samples; the project's own vectors have theirs",
            next_step="--data with the samples, or tinygen build --labels for names of classes",
        )
    if data is None:
        checks = stored_vectors(current)
    else:
        with data_file(data) as named:
            checks = own_vectors(current, named or "", labels, image_range, vectors, progress)
    count = min(vectors or len(checks), len(checks))
    seconds = timeout or time_limit(board, current.manifest.model, count)
    deadline = Deadline(
        seconds, f"give it more time: --timeout {2 * seconds:.0f}, or run fewer vectors: --vectors"
    )
    built = look(current, board)
    with contextlib.ExitStack() as files:
        file = None if spy is None else files.enter_context(open_recording(Path(spy)))
        connection = Connection(
            built, port, deadline, progress, spy=file, trust_project=trust_project
        )
        name = None if data is None else "arrays"
        if isinstance(data, str | Path):
            name = Path(data).name
        result = verify_over(
            connection, checks, count, seconds, progress, baud, samples=name, atol=atol
        )
    keep(current, "verify" if data is None else "samples", result, progress)
    return result


def verify_over(
    connection: Connection,
    checks: Vectors,
    count: int,
    limit: float,
    progress: Progress,
    baud: int | None = None,
    *,
    samples: str | None = None,
    atol: int = 0,
) -> VerifyResult:
    """The verdict on the first `count` of the vectors over this connection, whose deadline is
    `limit` seconds. `samples` is what they are of, where they are not the project's; `atol` is how
    many LSB an element may be off."""
    started = time.monotonic()
    run = VectorsRun(connection, checks)
    run.execute(count, progress, baud)
    return _result(connection, run, checks, limit, time.monotonic() - started, samples, atol)


def _result(
    connection: Connection,
    run: VectorsRun,
    checks: Vectors,
    limit: float,
    seconds: float,
    samples: str | None,
    atol: int,
) -> VerifyResult:
    project, board, hello = connection.built.project, connection.built.board, run.hello
    manifest = project.manifest
    tensors = manifest.model.outputs
    count, device = len(run.ticks), run.outputs
    reports = verdict.compare(tensors, checks, device) if count else ()
    mismatched = sum(r.device.mismatched_elements for r in reports)
    most = max((r.device.max_abs_diff_lsb for r in reports), default=0)
    lost = run.lost or (full_stack(project, board, run.stack) if count else None)
    if mismatched and _as_reference(project, checks, device):
        decision = Verdict.UNVERIFIED
        reason = (
            f"{mismatched} output elements are not {checks.oracle}'s, but all are those of "
            "tinygen's numpy reference: the oracle is in doubt, not the device"
        )
    elif mismatched and most > atol:  # proven, even when the device was lost afterwards
        decision, reason = Verdict.MISMATCH, f"{mismatched} output elements differ"
    elif lost is not None:
        decision, reason = Verdict.UNVERIFIED, lost.what
    elif unsure := unproven(checks):
        decision = Verdict.UNVERIFIED
        reason = f"the device computes what tinygen's numpy reference does, but {unsure}"
    elif mismatched:
        decision = Verdict.WITHIN
        reason = f"{mismatched} output elements differ by up to {most} LSB, which was allowed"
    else:
        decision, reason = Verdict.MATCH, ""
    # Of firmware that is not known to be this project's, nothing can be said.
    match = decision is Verdict.MATCH
    enough = enough_arena(hello, manifest.arena.overhead_bytes) if match else None
    why = "" if lost is None else lost.why
    if mismatched and most > atol and lost is not None:
        why = f"{lost.what}; {why}" if why else lost.what
    return VerifyResult(
        verdict=decision,
        reason=reason,
        doubt=far_from_litert(checks, tensors),
        why=why,
        next_step=_next_step(project, decision, lost),
        project=project.path,
        model=project.model,
        c_name=manifest.model.c_name,
        model_sha256=project.model_sha256,
        board=board.id,
        engine=manifest.engine,
        build_id=connection.built.build_id,
        device=run.runs,
        port=connection.port,
        oracle=checks.oracle,
        data=None if manifest.data is None else manifest.data.source,
        samples=samples,
        vectors=count,
        vectors_total=len(checks),
        elements=sum(r.elements for r in reports),
        mismatched_elements=mismatched,
        max_abs_diff_lsb=most,
        atol_lsb=atol,
        outputs=reports,
        first_mismatch=verdict.first_mismatch(tensors, checks, device) if count else None,
        accuracy=rating.accuracy(tensors, checks, device) if count else None,
        regression=rating.regression(tensors, checks, device) if count else None,
        worst=worst(tensors, checks, device) if count else (),
        litert=checks.litert.name if checks.litert else None,
        cost=cost_of(board, run.ticks, hello),
        startup=startup_of(board, hello),
        arena_bytes=hello.arena_bytes if hello else None,
        arena_used_bytes=hello.arena_used if hello else None,
        arena_enough_bytes=enough,
        arena_command="" if enough is None else with_arena(project, enough),
        stack_used_bytes=run.stack or None,
        reset=hello.reset if hello else "",
        fault=_fault(hello, connection.built.elf),
        baud=run.baud,
        retries=run.retries,
        reconnects=run.reconnects,
        vectors_per_second=count / run.seconds if count and run.seconds else None,
        seconds=seconds,
        limit_seconds=limit,
    )


def _fault(hello: Hello | None, program: Path | None) -> str:
    """The fault before the device's last start, in its words and in ours."""
    if hello is None or not hello.fault:
        return ""
    crash = explained(hello.fault, program)
    return f"{hello.fault}; {crash}" if crash else hello.fault


def _as_reference(project: Project, checks: Vectors, device: Sequence[Array]) -> bool:
    """Whether tinygen's reference, asked again, sides with the device."""
    with contextlib.suppress(InputError):  # an edited or damaged model says nothing
        return same_as_reference(project_model(project).graph, checks, device)
    return False


def _next_step(project: Project, decision: Verdict, lost: DeviceError | None) -> str:
    if decision is Verdict.MISMATCH:
        return f"tinygen verify {shell_word(project.path)} --layers"
    if isinstance(lost, Failed) and project.manifest.engine == "tflm":
        speak = "" if lost.words else "build with --debug: the interpreter then says why; or "
        return f"{speak}build with --engine aot"
    return lost.next_step if lost else ""
