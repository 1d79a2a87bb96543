"""Progress on standard error: a live line on a terminal, one plain line per stage elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from tinygen.printable import printable

_SHORT_SECONDS = 1.0
"""What took less in all is not worth a list."""
_SILENCE_SECONDS = 10.0
"""Elsewhere than on a terminal, a long stage says so often how far it is."""
_RATED_SECONDS = 1.0


class Listener:
    """Shows stages as they run, and in the end what each took; `quiet` shows warnings only."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, highlight=False)
        # Elsewhere than on a terminal a line stays a line.
        self._console.soft_wrap = not self._console.is_terminal
        self._quiet = quiet
        self._begun = self._told = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._stages: list[tuple[str, float]] = []
        """Stages, and when each began."""
        if self._console.is_terminal and not quiet:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[counter]}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if kind is None and not self._quiet:
            self._tell_times(time.monotonic())

    def _tell_times(self, now: float) -> None:
        ends = [*(begun for _, begun in self._stages[1:]), now]
        if len(self._stages) < 2 or now - self._stages[0][1] < _SHORT_SECONDS:
            return
        for (title, begun), end in zip(self._stages, ends, strict=True):
            self._console.print(f"{end - begun:8.1f} s  {title}", markup=False)

    def stage(self, title: str) -> None:
        title = printable(title)
        self._begun = self._told = time.monotonic()
        self._stages.append((title, self._begun))
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(title, total=None, counter="")
        elif not self._quiet:
            print(title, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        if not self._quiet:
            self._console.print(f"  {printable(text)}", markup=False)

    def warn(self, text: str) -> None:
        self._console.print(f"  warning: {printable(text)}", markup=False, style="yellow")

    def count(self, done: int, total: int) -> None:
        now = time.monotonic()
        said = f"{done:,} of {total:,}"
        if now - self._begun > _RATED_SECONDS:
            said += f", {done / (now - self._begun):.3g}/s"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, counter=said)
        elif not self._quiet and self._bar is None and now - self._told > _SILENCE_SECONDS:
            self._told = now
            print(f"  {said}", file=sys.stderr, flush=True)
