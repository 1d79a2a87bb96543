"""How a long job tells its listener how far it is. The API is silent unless given a listener."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told in order: stages, notes in between, and counts within a stage."""

    def stage(self, title: str) -> None:
        """A stage begins, which ends the one before."""

    def note(self, text: str) -> None:
        """Something worth knowing."""

    def warn(self, text: str) -> None:
        """Something the user should look at."""

    def count(self, done: int, total: int) -> None:
        """`done` of `total` items of this stage are finished."""


class Silent:
    """Tells nobody."""

    def stage(self, title: str) -> None: ...

    def note(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def count(self, done: int, total: int) -> None: ...


SILENT: Progress = Silent()
