"""profile(): what each layer takes on the device, and why that kernel computes it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen.api.again import Again, require_noting
from tinygen.api.cost import measured
from tinygen.api.looking import looking
from tinygen.api.results import keep
from tinygen.api.shown import Shown
from tinygen.api.steps import Steps
from tinygen.devices.link.hello import Hello
from tinygen.engines.traced import Traced, TracedLayer
from tinygen.errors import DeviceError
from tinygen.pio import elf
from tinygen.progress import SILENT, Progress

VECTORS = 5
"""Vectors that are run where nobody says how many; the mean is over them."""


@dataclass(frozen=True)
class LayerProfile:
    """What a layer takes: the mean of an inference, in the unit of the result. Sizes in bytes; None
    is what is not known.

    `modelled_cycles` are a model of a Cortex-M and no measurement: the kernel's cycles for an
    instruction, by the timings of a Cortex-M4's manual (of the set `mve` an estimate), with memory
    that makes it never wait, times the instructions that were counted.
    """

    layer: int
    operators: tuple[str, ...]
    output: str
    keras_layers: tuple[str, ...]
    kernel_set: str
    kernel: str
    why: str
    amount: int
    share: float
    """Of all of the inference."""
    macs: int
    macs_per_instruction: float | None
    modelled_cycles: int | None
    code_bytes: int | None
    """Of a function that several layers share, its part."""
    constant_bytes: int
    ram_bytes: int
    """Bytes of the arena that are in use while it computes."""
    scratch_bytes: int | None


@dataclass(frozen=True, repr=False)
class ProfileResult(Shown):
    """What an inference takes, layer by layer.

    `unit` is `instructions` on an emulated board, else `microseconds`, and with Linux
    `nanoseconds`, which differ from run to run. `between` is what is no layer's: of an interpreter,
    its own.
    """

    project: Path
    model: str
    board: str
    engine: str
    kernel_set: str
    build_id: str
    port: str
    vectors: int
    unit: str
    inference: int
    between: int
    macs: int
    modelled_cycles: int | None
    layers: tuple[LayerProfile, ...]
    seconds: float

    @property
    def instructions(self) -> int | None:
        """Per inference, where the device counts instructions."""
        return self.inference if self.unit == "instructions" else None


def profile(
    project: str | Path | None = None,
    *,
    model: str | None = None,
    port: str | None = None,
    vectors: int | None = None,
    timeout: float | None = None,
    trust_project: bool = False,
    progress: Progress = SILENT,
) -> ProfileResult:
    """Measure what each layer takes on the project's device.

    Firmware that notes its layers is built of the project's sources, beside it; an emulated board
    or a process runs it at once, hardware has to have it (`flash` with `layers`).

    Parameters
    ----------
    project : str or Path, optional
        A project folder; without it the last build of this directory.
    model : str, optional
        What the model is called in C, which is needed where a firmware has several.
    port : str, optional
        A serial device or a pyserial URL, as in `verify`.
    vectors : int, optional
        How many are run: figures are means over them. Without it 5.
    timeout : float, optional
        Seconds that all of it may take; without it by the model.
    trust_project : bool
        Run what a project folder or a board file of somebody else's brings.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    ProfileResult
        A row for each layer, in the unit that the device truly counts.

    Raises
    ------
    InputError
        Where the project was not built as it is now.
    DeviceError
        For a device that has other firmware, or does not answer.

    Examples
    --------
    >>> import tinygen
    >>> result = tinygen.profile("firmware", vectors=1)
    >>> result.unit, len(result.layers)
    ('instructions', 7)
    """
    started = time.monotonic()
    with looking(
        project,
        model,
        port,
        vectors,
        timeout,
        usual=VECTORS,
        trust_project=trust_project,
        progress=progress,
    ) as looked:
        made, traced, count = looked.made, looked.traced, looked.count
        built = looked.connection.built
        progress.stage("Running layer by layer")
        with looked.connection.open() as session:
            hello = session.hello()
            require_noting(made, built, hello)
            session.layers()
            whole, each = 0, [0] * len(traced.layers)
            steps = Steps(looked.checks)
            for index in range(count):
                whole += steps.infer(session, index).ticks
                for layer, one in enumerate(session.trace()):
                    each[layer] += one.ticks
                progress.count(index + 1, count)
            steps.end(session)
    unit = measured(made.board, 0, hello)[0]
    amounts = [_amount(made, ticks, count, hello) for ticks in each]
    inference = _amount(made, whole, count, hello)
    code = {} if built.elf is None else elf.function_sizes(built.elf)
    layers = _layers(traced, amounts, inference, unit, code, made)
    modelled = [layer.modelled_cycles for layer in layers]
    result = ProfileResult(
        project=made.project.path,
        model=made.project.model,
        board=made.board.id,
        engine=made.engine.name,
        kernel_set=made.project.manifest.kernel_set,
        build_id=built.build_id,
        port=looked.connection.port,
        vectors=count,
        unit=unit,
        inference=inference,
        between=inference - sum(amounts),
        macs=sum(layer.macs for layer in traced.layers),
        modelled_cycles=sum(c for c in modelled if c is not None) if all(modelled) else None,
        layers=layers,
        seconds=time.monotonic() - started,
    )
    keep(made.project, "profile", result, progress)
    return result


def _amount(made: Again, ticks: int, count: int, hello: Hello) -> int:
    """The mean of one inference, in the board's unit."""
    _, amount = measured(made.board, ticks, hello)
    if amount is None:
        raise DeviceError(
            f"the ticks of {made.board.id} mean neither instructions nor time",
            why="its emulator does not count instructions",
            next_step="profile on another board: tinygen boards",
        )
    return round(amount / count)


def _layers(
    traced: Traced,
    amounts: Sequence[int],
    inference: int,
    unit: str,
    code: Mapping[str, int],
    made: Again,
) -> tuple[LayerProfile, ...]:
    users = Counter(layer.function for layer in traced.layers)
    counted = unit == "instructions"
    cortex_m = made.board.core.startswith("cortex-m")
    return tuple(
        LayerProfile(
            layer=layer.index,
            operators=layer.operators,
            output=layer.name,
            keras_layers=layer.keras_layers,
            kernel_set=layer.kernel_set,
            kernel=layer.kernel,
            why=layer.why,
            amount=amount,
            share=amount / inference if inference else 0.0,
            macs=layer.macs,
            macs_per_instruction=layer.macs / amount if counted and amount else None,
            modelled_cycles=_cycles(layer, amount) if counted and cortex_m else None,
            code_bytes=None
            if layer.function is None or layer.function not in code
            else code[layer.function] // users[layer.function],
            constant_bytes=layer.constant_bytes,
            ram_bytes=layer.ram_bytes,
            scratch_bytes=layer.scratch_bytes,
        )
        for layer, amount in zip(traced.layers, amounts, strict=True)
    )


def _cycles(layer: TracedLayer, counted: int) -> int | None:
    """The kernel's cycles for an instruction, times the instructions."""
    if layer.estimated_cycles is None or not layer.estimated_instructions:
        return None
    return round(counted * layer.estimated_cycles / layer.estimated_instructions)
