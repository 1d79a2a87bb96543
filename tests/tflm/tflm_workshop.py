"""A workshop for the engine as the driver has one: emit, PlatformIO and the emulator."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinygen import emit, emulator, pio
from tinygen.boards import Board


class TestWorkshop:
    """Builds count themselves, for the tests that look at caches."""

    __test__ = False

    def __init__(self, identity: emit.Identity) -> None:
        self.identity = identity
        self.builds = 0

    def render(self, template: str, **values: Any) -> str:
        return emit.render(template, **values)

    def platformio_ini(
        self, board: Board, flags: Sequence[str], options: Sequence[tuple[str, str]]
    ) -> str:
        ini = emit.platformio_files(board, self.identity, flags)["platformio.ini"]
        return ini + "".join(f"{name} = {value}\n" for name, value in options)

    def build(self, project: Path, board: Board) -> Path:
        self.builds += 1
        return pio.build(project, board).elf

    @contextmanager
    def run(self, board: Board, elf: Path) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="tinygen-run-") as folder:
            state = Path(folder)
            try:
                yield emulator.start(board, elf, state).url
            finally:
                emulator.stop(state)
