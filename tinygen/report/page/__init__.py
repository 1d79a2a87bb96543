"""The page to show: one HTML file of all that is known of a project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinygen.api.facts import gather
from tinygen.api.shown import Shown
from tinygen.errors import InputError
from tinygen.paths import write_at_once
from tinygen.progress import SILENT, Progress
from tinygen.project.folder import open_project
from tinygen.report.page.document import document

LIMIT = 2_000_000
"""Bytes that a page may have, so that it can be sent by mail."""


@dataclass(frozen=True, repr=False)
class PageResult(Shown):
    """The page that was written, and the verdict on it."""

    project: Path
    model: str
    board: str
    html: Path
    bytes: int
    verdict: str
    missing: tuple[str, ...]
    """What was not measured of this build: `verify`, `layers`, `profile`."""


def write_page(
    project: str | Path | None = None,
    html: str | Path = "report.html",
    *,
    progress: Progress = SILENT,
) -> PageResult:
    """Write all that is known of a project as one HTML file.

    Nothing is run: the page shows what `build`, `verify`, `verify --layers` and `profile` left in
    the project, of its build as it is now, and says of the rest which command measures it.

    Parameters
    ----------
    project : str or Path, optional
        A project folder; without it the last build of this directory.
    html : str or Path
        The file to write.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    PageResult
        The file, its size and the verdict that it shows.

    Raises
    ------
    InputError
        For a folder that is no project, a file that cannot be written, and where
        ``tinygen[report]`` is not installed.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.write_page("firmware", "report.html").verdict
    'MATCH'
    """
    current = open_project(None if project is None else Path(project))
    facts = gather(current, progress)
    progress.stage("Drawing the page")
    content = document(facts).encode("utf-8", "replace")
    target = Path(html)
    try:
        write_at_once(target, content)
    except OSError as error:
        raise InputError(
            f"'{target}' cannot be written", why=str(error), next_step="--html with another file"
        ) from error
    found = {"verify": facts.verify, "layers": facts.layers, "profile": facts.profile}
    return PageResult(
        project=current.path,
        model=current.model,
        board=current.board,
        html=target,
        bytes=len(content),
        verdict="UNVERIFIED" if facts.verify is None else facts.verify.result.verdict.value,
        missing=tuple(name for name, kept in found.items() if kept is None),
    )
