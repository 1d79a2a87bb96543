"""run(): samples of one's own through the device, answers in real values."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tinygen.api.board import project_board
from tinygen.api.built import Built, look
from tinygen.api.connection import Connection
from tinygen.api.cost import Cost, cost_of
from tinygen.api.crash import explained
from tinygen.api.shown import Shown
from tinygen.data import Dataset, read_samples
from tinygen.devices.link import Hello, Session
from tinygen.devices.link.faults import Disconnected, Disturbed
from tinygen.devices.link.session import Inference
from tinygen.errors import DeviceError, InputError
from tinygen.ir import Array, Edge
from tinygen.printable import shell_word
from tinygen.progress import SILENT, Progress
from tinygen.project.folder import open_project

Samples = str | Path | np.ndarray | Mapping[str, np.ndarray]
"""A file, a folder of images, or arrays: of a model with several inputs by their names."""

_PIXELS = (0.0, 255.0)
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, eq=False)
class Answer:
    """What the device computed of one sample: an array per output, in real values, (shape without
    the batch); `codes` are the integers that it sent."""

    sample: str
    outputs: tuple[Array, ...]
    codes: tuple[Array, ...]
    cost: Cost | None


@dataclass(frozen=True, eq=False, repr=False)
class RunResult(Shown):
    """The answers, one after the other, and what the model's outputs are."""

    project: Path
    model: str
    board: str
    port: str
    outputs: tuple[Edge, ...]
    answers: tuple[Answer, ...]
    warnings: tuple[str, ...]


def run(
    samples: Samples,
    project: str | Path | None = None,
    *,
    model: str | None = None,
    port: str | None = None,
    image_range: tuple[float, float] | None = None,
    trust_project: bool = False,
    progress: Progress = SILENT,
) -> RunResult:
    """Send samples to the device and return what it computes of them, in real values.

    Nothing is held against the host: that is `verify`.

    Parameters
    ----------
    samples : str, Path, array, or arrays by the inputs' names
        Real values as the model was trained on: a file or folder as `data` of `build` takes, one
        image, or arrays of the shape (samples, ...); a single sample needs no samples' axis.
    project : str or Path, optional
        A project folder; without it the last build of this directory.
    model : str, optional
        What the model is called in C, which is needed where a firmware has several.
    port : str, optional
        A serial device or a pyserial URL. Without it the emulator that `flash` started, or the one
        port with the board's USB id.
    image_range : (float, float), optional
        What 0 and 255 of image files are to the model; without it as it was quantized.
    trust_project : bool
        Run what a project folder or a board file of somebody else's brings.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    RunResult
        An answer for each sample: an array for each output, in real values, and what it took.

    Raises
    ------
    InputError
        For samples that do not fit the model.
    DeviceError
        For a device that does not answer, or runs other firmware than the project's.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygen
    >>> result = tinygen.run(np.zeros((8, 8, 1)), "firmware")
    >>> result.answers[0].outputs[0].shape
    (10,)
    """
    with Runner(
        project, model=model, port=port, trust_project=trust_project, progress=progress
    ) as runner:
        return runner.run(samples, image_range)


def watch(
    folder: str | Path,
    project: str | Path | None = None,
    *,
    model: str | None = None,
    port: str | None = None,
    image_range: tuple[float, float] | None = None,
    trust_project: bool = False,
    progress: Progress = SILENT,
) -> Iterator[RunResult]:
    """Run each file that comes into a folder or changes there, until the caller stops.

    A file is read once its size has stayed for half a second. What cannot be read is warned of.

    Parameters
    ----------
    folder : str or Path
        The folder; what is in it at first is not run.
    project : str or Path, optional
        A project folder; without it the last build of this directory.
    model : str, optional
        What the model is called in C, which is needed where a firmware has several.
    port : str, optional
        A serial device or a pyserial URL. Without it the emulator that `flash` started, or the one
        port with the board's USB id.
    image_range : (float, float), optional
        What 0 and 255 of image files are to the model; without it as it was quantized.
    trust_project : bool
        Run what a project folder or a board file of somebody else's brings.
    progress : Progress
        Who is told how far it is.

    Yields
    ------
    RunResult
        As `run` gives for the file.

    Raises
    ------
    InputError
        Where the folder is none.
    DeviceError
        For a device that does not answer, or runs other firmware than the project's.

    Examples
    --------
    >>> import tinygen
    >>> results = tinygen.watch("images", "firmware")  # a generator: `for result in results: ...`
    >>> results.close()
    """
    place = Path(folder)
    seen = _files(place)
    with Runner(
        project, model=model, port=port, trust_project=trust_project, progress=progress
    ) as runner:
        runner.greet()
        progress.stage(f"Watching {place}, until Ctrl-C")
        while True:
            time.sleep(_LOOK_SECONDS)
            before, seen = seen, _files(place)
            for path in [path for path, state in seen.items() if before.get(path) != state]:
                time.sleep(_LOOK_SECONDS)
                if _files(place).get(path) != seen[path]:  # still being written
                    del seen[path]
                    continue
                try:
                    yield runner.run(path, image_range)
                except InputError as error:
                    progress.warn(f"{path.name}: {error.what}" + (error.why and f": {error.why}"))


def _files(folder: Path) -> dict[Path, tuple[int, int]]:
    """The files that are no hidden ones, with their time and size; InputError where the folder is
    none, or none any more."""
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder",
            why="its new files are to be run on the device",
            next_step=f"mkdir {shell_word(folder)}",
        )
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                state = path.stat()
                found[path] = (state.st_mtime_ns, state.st_size)
    return found


class Runner:
    """A conversation with a project's device, opened when the first sample is sent, and again after
    a lost cable; a context manager that closes it."""

    def __init__(
        self,
        project: str | Path | None = None,
        *,
        model: str | None = None,
        port: str | None = None,
        trust_project: bool = False,
        progress: Progress = SILENT,
    ) -> None:
        current = open_project(None if project is None else Path(project)).about(model)
        self._built: Built = look(current, project_board(current))
        self._progress = progress
        self._connection = Connection(
            self._built, port, progress=progress, trust_project=trust_project
        )
        self._session: Session | None = None
        self._hello: Hello | None = None
        self._given: list[list[bytes]] = []
        self._behind = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            self._session.close()

    def greet(self) -> None:
        """Open the conversation, unless it is; DeviceError unless the firmware is the project's."""
        if self._session is None:
            self._adopt(self._connection.open())

    def run(self, samples: Samples, image_range: tuple[float, float] | None = None) -> RunResult:
        """As the function `run`: of a model that remembers the samples are one sequence."""
        manifest = self._built.project.manifest
        known = _PIXELS if manifest.data is None else manifest.data.image_range
        inputs = manifest.model.inputs
        data = read_samples(samples, inputs, image_range=image_range or known)
        self.greet()
        count = len(data.inputs[0])
        self._progress.stage(f"Running {count} on {self._built.board.id}")
        answers = []
        self._given, self._behind = [], True
        for index in range(count):
            codes = [
                edge.quantize(values[index])
                for edge, values in zip(inputs, data.inputs, strict=True)
            ]
            answers.append(self._answer(_name(data, index), codes))
            self._progress.count(index + 1, count)
        return RunResult(
            project=self._built.project.path,
            model=self._built.project.model,
            board=self._built.board.id,
            port=self._connection.port,
            outputs=manifest.model.outputs,
            answers=tuple(answers),
            warnings=data.warnings,
        )

    def _adopt(self, session: Session) -> None:
        self._session = session
        self._hello = session.hello()
        self._built.require_this(self._hello)

    def _answer(self, sample: str, inputs: list[Array]) -> Answer:
        sent = [value.tobytes() for value in inputs]
        assert self._session is not None
        try:
            try:
                done = self._infer(self._session, sent)
            except Disturbed:
                done = self._infer(self._session, sent)
            except Disconnected:
                self._session.close()
                self._adopt(self._connection.reopen())
                done = self._infer(self._session, sent)
            self._given.append(sent)
        except DeviceError as error:
            if crash := explained(error.why, self._built.elf):
                error.why += f"\n{crash}"
            raise
        edges = self._built.project.manifest.model.outputs
        codes = tuple(
            np.frombuffer(raw, edge.dtype.numpy).reshape(edge.sample)
            for raw, edge in zip(done.outputs, edges, strict=True)
        )
        real = tuple(edge.dequantize(value) for edge, value in zip(edges, codes, strict=True))
        cost = cost_of(self._built.board, [done.ticks], self._hello)
        return Answer(sample, real, codes, cost)

    def _infer(self, session: Session, sent: list[bytes]) -> Inference:
        """One step; where the device may not be behind the one before it, from the first one on."""
        if self._hello is not None and self._hello.remembers:
            if self._behind:
                session.begin()
                for before in self._given:
                    session.infer(before)
            self._behind = True  # until this one is known to be done
        done = session.infer(sent)
        self._behind = False
        return done


def _name(data: Dataset, index: int) -> str:
    if data.names:
        return data.names[index]
    return data.source if len(data.inputs[0]) == 1 else f"sample {index + 1}"
