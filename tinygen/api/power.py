"""measure_power(): the energy of an inference, of a recording or of an instrument that listens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tinygen.api.board import project_board
from tinygen.api.built import Built, look
from tinygen.api.connection import Connection
from tinygen.api.limits import time_limit
from tinygen.api.marked import MARKED
from tinygen.api.own_data import require_limits, stored_vectors
from tinygen.api.results import keep
from tinygen.api.shown import Shown
from tinygen.boards import Board, Serial
from tinygen.devices.link.deadline import Deadline
from tinygen.devices.link.hello import Hello
from tinygen.errors import InputError
from tinygen.power import INSTRUMENTS, Energy, Recording, energy, instrument, read_csv
from tinygen.power.instruments import Instrument
from tinygen.printable import shell_word
from tinygen.progress import SILENT, Progress
from tinygen.project.folder import Project, open_project
from tinygen.project.manifest import MANIFEST

INFERENCES = 50
"""That are run where nobody says how many."""
_REST = 0.02
"""Seconds between two inferences, of which the baseline is."""
_QUIET = 0.2
"""Seconds before the first and behind the last."""


@dataclass(frozen=True, repr=False)
class PowerResult(Shown):
    """The energy of an inference. Each figure has its unit in its name."""

    project: Path
    model: str
    board: str
    engine: str
    kernel_set: str
    build_id: str
    """Of the project's sources; that a recording in a file is of it, only a person knows."""
    source: str
    recorded_here: bool
    """Whether the inferences were run while it was recorded."""
    energy: Energy
    macs: int
    seconds: float

    @property
    def microjoules(self) -> float:
        """The mean of an inference, beyond the baseline."""
        return self.energy.microjoules.mean


def measure_power(
    source: str | Path,
    project: str | Path | None = None,
    *,
    port: str | None = None,
    voltage: float | None = None,
    inferences: int | None = None,
    timeout: float | None = None,
    trust_project: bool = False,
    progress: Progress = SILENT,
) -> PowerResult:
    """Measure what an inference takes of a battery, with the board's baseline subtracted.

    Parameters
    ----------
    source : str or Path
        A recording as a CSV file, or an instrument: ``ina219:PORT``, ``ina228:PORT``, ``ppk2`` or
        ``joulescope``, which records while the device runs the project's vectors.
    project : str or Path, optional
        A project folder; without it the last build of this directory.
    port : str, optional
        The device's serial port, as in `verify`; a recording needs none.
    voltage : float, optional
        The supply in volts, where the recording has none, and what a PPK2 supplies.
    inferences : int, optional
        How many are run, or how many a recording is known to have. Without it 50 are run.
    timeout : float, optional
        Seconds that the device may take; without it by the model.
    trust_project : bool
        Run what a project folder or a board file of somebody else's brings.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    PowerResult
        Microjoules of an inference and their spread, milliseconds, milliwatts.

    Raises
    ------
    InputError
        For a recording that is clipped, has gaps, too few samples or no inference in it.
    DeviceError
        Where the device or the instrument does not answer.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.measure_power("recording.csv", "firmware").energy.by
    'marker'
    """
    started = time.monotonic()
    require_limits(inferences, timeout)
    if voltage is not None and not 0 < voltage < 100:
        raise InputError(f"--voltage is {voltage:g}", next_step="--voltage in volts, such as 3.3")
    current = open_project(None if project is None else Path(project))
    recorder = instrument(str(source), voltage)
    if recorder is None:
        recording, expected = _read(Path(source), voltage), inferences
    else:
        expected = inferences or INFERENCES
        recording = _record(recorder, current, port, expected, timeout, trust_project, progress)
    manifest = current.manifest
    result = PowerResult(
        project=current.path,
        model=current.model,
        board=current.board,
        engine=manifest.engine,
        kernel_set=manifest.kernel_set,
        build_id=look(current, project_board(current)).build_id,
        source=recording.source,
        recorded_here=recorder is not None,
        energy=energy(recording, expected),
        macs=manifest.model.macs,
        seconds=time.monotonic() - started,
    )
    keep(current, "power", result, progress)
    return result


def _require(built: Built, project: Project, board: Board, hello: Hello) -> None:
    """DeviceError unless the device runs the project's firmware, with a marker or without."""
    marked = project.state_dir / MARKED
    if (marked / MANIFEST).is_file():
        other = look(open_project(marked), board)
        if other.build_id == hello.build_id:
            built = other
    built.require_this(hello)


def _read(file: Path, voltage: float | None) -> Recording:
    if not file.is_file():
        names = ", ".join(f"{one.name}" for one in INSTRUMENTS)
        raise InputError(
            f"there is no recording '{file}'",
            why=f"it is no file, and no instrument: those are {names}",
            next_step="tinygen profile --power recording.csv",
        )
    return read_csv(file, voltage)


def _record(
    recorder: Instrument,
    project: Project,
    port: str | None,
    count: int,
    timeout: float | None,
    trust_project: bool,
    progress: Progress,
) -> Recording:
    """What the instrument recorded while the device ran the project's vectors, over and over."""
    board = project_board(project)
    if not isinstance(board.device, Serial):
        raise InputError(
            f"{board.id} takes no current of its own",
            why="it is a program of this machine or another: what an instrument sees is hardware's",
            next_step=f"tinygen build MODEL --board NAME --out {shell_word(project.path)}",
        )
    checks = stored_vectors(project)
    limit = timeout or time_limit(board, project.manifest.model, count)
    deadline = Deadline(limit, f"give it more time: --timeout {2 * limit:.0f}")
    built = look(project, board)
    progress.stage(f"Recording with {recorder.name}")
    recorder.start()  # first: what supplies the device starts it
    try:
        connection = Connection(built, port, deadline, progress, trust_project=trust_project)
        with connection.open() as session:
            _require(built, project, board, session.hello())
            time.sleep(_QUIET)
            for index in range(count):
                vector = index % len(checks)
                session.infer([value[vector].tobytes() for value in checks.inputs])
                time.sleep(_REST)
                progress.count(index + 1, count)
            time.sleep(_QUIET)
    except BaseException:
        recorder.abandon()
        raise
    return recorder.stop()
