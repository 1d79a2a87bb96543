"""A project's device, running firmware that notes its layers, as long as somebody looks into it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinygen.api.again import Again, again, noting
from tinygen.api.built import look
from tinygen.api.connection import Connection
from tinygen.api.flash import stop
from tinygen.api.limits import time_limit
from tinygen.api.own_data import require_limits, stored_vectors
from tinygen.devices.link.deadline import Deadline
from tinygen.engines.traced import Traced
from tinygen.progress import Progress
from tinygen.project.folder import open_project
from tinygen.proof.vectors import Vectors

_TIMES = 3
"""The time that `verify` may take, for an inference that also notes its layers."""


@dataclass(frozen=True, eq=False)
class Looking:
    """The program that is looked into, the way to the device, and the vectors, of which `count` are
    to be run."""

    made: Again
    traced: Traced
    connection: Connection
    checks: Vectors
    count: int


@contextlib.contextmanager
def looking(
    project: str | Path | None,
    model: str | None,
    port: str | None,
    vectors: int | None,
    timeout: float | None,
    *,
    usual: int | None,
    trust_project: bool,
    progress: Progress,
) -> Iterator[Looking]:
    """Build the project's firmware so that it notes its layers, and open the way to a device with
    it; a device that was started for that is ended.

    `usual` is how many vectors are run where nobody says it, None for all; `timeout` in seconds.
    """
    current = open_project(None if project is None else Path(project)).about(model)
    checks = stored_vectors(current)
    require_limits(vectors, timeout)
    made = again(current, progress)
    traced, noted = noting(made, trust_project=trust_project, progress=progress)
    count = min(vectors or usual or len(checks), len(checks))
    limit = timeout or _TIMES * time_limit(made.board, current.manifest.model, count)
    deadline = Deadline(limit, f"give it more time: --timeout {2 * limit:.0f}")
    built = look(noted, made.board)
    try:
        connection = Connection(built, port, deadline, progress, trust_project=trust_project)
        yield Looking(made, traced, connection, checks, count)
    finally:
        stop(noted.path)
