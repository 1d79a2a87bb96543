"""verify_layers(): the first layer whose output is not what the host computes, and what it is like.

The device runs firmware that is built of the project's sources as they are, but that it notes a
checksum of every layer's output. The host has the value of every tensor from the numpy reference of
the very graph that was compiled, whose outputs are held against the oracle's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tinygen.api.again import Again
from tinygen.api.connection import Connection
from tinygen.api.layers_run import Found, LayersRun
from tinygen.api.looking import looking
from tinygen.api.plain import Plain, ask_plain, workaround
from tinygen.api.results import keep
from tinygen.api.shown import Shown
from tinygen.api.steps import Steps
from tinygen.api.verify import EXIT_CODES
from tinygen.engines.traced import Traced
from tinygen.progress import SILENT, Progress
from tinygen.proof.difference import Difference
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import Verdict


@dataclass(frozen=True)
class GuiltyLayer:
    """The first layer that computes something else, for one vector."""

    layer: int
    layers: int
    operators: tuple[str, ...]
    output: str
    keras_layers: tuple[str, ...]
    kernel_set: str
    kernel: str
    why_this_kernel: str
    vector: int
    origin: str
    difference: Difference | None
    """None where it was another when it was computed once more."""
    inputs_intact: bool | None
    """Whether what it reads was right when the layer before it was done; None: not known."""
    damaged_input: str
    """Which of its inputs was overwritten, and by whom it was written; empty where none was."""
    overwritten_by: int | None
    """The layer that wrote over it: that one is to blame."""
    outputs_right: bool
    """Whether the model's outputs are right for this vector all the same."""
    plain: Plain | None
    """What the plain kernel computes in its place; None where it is that, or was not tried."""
    workaround: str
    """The command that builds firmware without this kernel; empty where there is none."""


@dataclass(frozen=True, repr=False)
class LayersResult(Shown):
    """What was found. MATCH: every layer of every vector that was looked into is right."""

    verdict: Verdict
    reason: str
    why: str
    next_step: str
    project: Path
    model: str
    board: str
    engine: str
    kernel_set: str
    build_id: str
    """Of the firmware that notes its layers."""
    port: str
    oracle: str
    layers: int
    vectors: int
    """Whose outputs were compared."""
    vectors_looked_into: int
    """Whose layers were."""
    guilty: GuiltyLayer | None
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 for MATCH, 4 for MISMATCH, 6 for UNVERIFIED."""
        return EXIT_CODES[self.verdict]


def verify_layers(
    project: str | Path | None = None,
    *,
    model: str | None = None,
    port: str | None = None,
    vectors: int | None = None,
    timeout: float | None = None,
    trust_project: bool = False,
    progress: Progress = SILENT,
) -> LayersResult:
    """Find the first layer whose output differs from the host's.

    Firmware that notes its layers is built of the project's sources, beside it; an emulated board
    or a process runs it at once, hardware has to have it (`flash` with `layers`), else the verdict
    is UNVERIFIED and says so.

    Parameters
    ----------
    project : str or Path, optional
        A project folder; without it the last build of this directory.
    model : str, optional
        What the model is called in C, which is needed where a firmware has several.
    port : str, optional
        A serial device or a pyserial URL, as in `verify`.
    vectors : int, optional
        How many are compared, up to one that differs; layers of that one and of the first ten.
    timeout : float, optional
        Seconds that all of it may take; without it by the model.
    trust_project : bool
        Run what a project folder or a board file of somebody else's brings.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    LayersResult
        The verdict, and of a layer that is wrong what is known of it.

    Raises
    ------
    InputError
        Where the project was not built as it is now.
    DeviceError
        For a port that cannot be opened.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.verify_layers("firmware", vectors=2).verdict
    <Verdict.MATCH: 'MATCH'>
    """
    started = time.monotonic()
    with looking(
        project,
        model,
        port,
        vectors,
        timeout,
        usual=None,
        trust_project=trust_project,
        progress=progress,
    ) as looked:
        made, traced, checks = looked.made, looked.traced, looked.checks
        run = LayersRun(made, traced, checks)
        progress.stage("Comparing layer by layer")
        run.execute(looked.connection, looked.count, progress)
    guilty = None
    if run.found is not None:
        guilty = _guilty(traced, run.found, checks)
        plain, blamed = None, run.found.overwritten_by
        if run.found.inputs_intact is not False:
            plain = ask_plain(
                made,
                run.found.layer,
                partial(Steps(checks).infer, index=run.found.vector),
                run.found.crcs,
                trust_project=trust_project,
                progress=progress,
            )
            blamed = run.found.layer
        around = "" if blamed is None else workaround(made, blamed)
        guilty = replace(guilty, plain=plain, workaround=around)
    result = _result(made, traced, run, guilty, looked.connection, time.monotonic() - started)
    keep(made.project, "layers", result, progress)
    return result


def _guilty(traced: Traced, found: Found, checks: Vectors) -> GuiltyLayer:
    layer = traced.layers[found.layer]
    return GuiltyLayer(
        layer=layer.index,
        layers=len(traced.layers),
        operators=layer.operators,
        output=layer.outputs[found.output].tensor.name,
        keras_layers=layer.keras_layers,
        kernel_set=layer.kernel_set,
        kernel=layer.kernel,
        why_this_kernel=layer.why,
        vector=found.vector,
        origin=checks.origins[found.vector],
        difference=found.difference,
        inputs_intact=found.inputs_intact,
        damaged_input=found.damaged_input,
        overwritten_by=found.overwritten_by,
        outputs_right=found.outputs_right,
        plain=None,
        workaround="",
    )


def _result(
    made: Again,
    traced: Traced,
    run: LayersRun,
    guilty: GuiltyLayer | None,
    connection: Connection,
    seconds: float,
) -> LayersResult:
    verdict, reason, why, next_step = Verdict.MATCH, "", "", ""
    if guilty is not None:
        verdict = Verdict.MISMATCH
        reason = f"{traced.layers[guilty.layer].place} is the first that differs"
        if guilty.overwritten_by is not None:
            reason += f": {traced.layers[guilty.overwritten_by].place} wrote over what it reads"
        next_step = guilty.workaround
    elif run.lost is not None:
        lost = run.lost
        verdict, reason, why, next_step = Verdict.UNVERIFIED, lost.what, lost.why, lost.next_step
    return LayersResult(
        verdict=verdict,
        reason=reason,
        why=why,
        next_step=next_step,
        project=made.project.path,
        model=made.project.model,
        board=made.board.id,
        engine=made.engine.name,
        kernel_set=made.project.manifest.kernel_set,
        build_id=connection.built.build_id,
        port=connection.port,
        oracle=made.project.manifest.vectors.oracle,
        layers=len(traced.layers),
        vectors=run.vectors,
        vectors_looked_into=run.looked_into,
        guilty=guilty,
        seconds=seconds,
    )
