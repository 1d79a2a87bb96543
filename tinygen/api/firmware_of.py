"""Firmware of candidates: what it takes beside the model, and whether it computes what it must."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tinygen.api.build import build_project
from tinygen.api.flash import stop
from tinygen.api.verify import verify
from tinygen.boards import Board, Linux, Qemu, all_boards
from tinygen.devices import user_mode
from tinygen.engines.aot import Price
from tinygen.errors import ToolchainError
from tinygen.options import BuildOptions
from tinygen.pio.elf import Sizes
from tinygen.progress import Progress
from tinygen.proof.verdict import Verdict


@dataclass(frozen=True)
class Built:
    """A candidate's firmware. Bytes; instructions and verdict where an emulated board ran it."""

    board: str
    flash: int
    ram: int
    arena: int
    verified_on: str | None
    verdict: Verdict | None
    instructions: int | None
    vectors: int


@dataclass(frozen=True)
class Overhead:
    """What a firmware takes beside its layers and its arena: bytes."""

    flash: int
    ram: int


class Takes(Protocol):
    """What layers take: bytes, and instructions of an inference."""

    @property
    def flash(self) -> int: ...
    @property
    def ram(self) -> int: ...
    @property
    def instructions(self) -> int: ...


@dataclass(frozen=True)
class Limits:
    """What a firmware may take; None where nobody says. Bytes, and instructions of an inference."""

    flash: int | None
    ram: int | None
    instructions: int | None

    def violations(self, price: Takes, beside: Overhead) -> dict[str, float]:
        """The limits that are not kept, by how much of themselves."""
        needs = {
            "flash": (price.flash + beside.flash, self.flash),
            "ram": (price.ram + beside.ram, self.ram),
            "instructions": (price.instructions, self.instructions),
        }
        return {
            name: needed / limit - 1
            for name, (needed, limit) in needs.items()
            if limit is not None and needed > limit
        }

    @property
    def text(self) -> str:
        """In words."""
        named = ((self.flash, "bytes of flash"), (self.ram, "bytes of RAM"))
        said = [f"{limit:,} {what}" for limit, what in named if limit is not None]
        if self.instructions is not None:
            said.append(f"{self.instructions:,} instructions")
        return ", ".join(said)


@dataclass(frozen=True, eq=False)
class Foundry:
    """Builds candidates' firmware for a board, and for an emulated one of its core."""

    board: Board
    named: str
    """The board, as it was given."""
    calibration: Path
    folder: Path
    optimize: str
    jobs: int | None
    progress: Progress
    refused: dict[str, str]
    """Boards that cannot be built for here, and why."""

    def build(self, model: Path, name: str, *, verified: bool = True) -> Built:
        """For the board itself where that can be, and for one that runs here.

        Raises ToolchainError where neither can be built for.
        """
        sizes: tuple[str, Sizes] | None = None
        for board, named in self._boards():
            if sizes is not None and not (verified and _runs(board)):
                continue
            if board.id in self.refused:
                continue
            out = self.folder / f"{name}-{board.id}"
            options = BuildOptions(
                board=named,
                data=str(self.calibration),
                engine="aot",
                optimize=self.optimize,
                out=out,
                jobs=self.jobs,
            )
            try:
                built = build_project(model, options)
            except ToolchainError as error:
                self.refused[board.id] = error.what
                self.progress.warn(f"no firmware of candidates for {board.id}: {error.what}")
                continue
            sizes = sizes or (board.id, built.sizes)
            if verified and _runs(board):
                return self._verified(out, sizes, board)
        if sizes is None:
            raise ToolchainError(
                "no candidate can be built",
                why="\n".join(f"{board}: {why}" for board, why in self.refused.items()),
                next_step="tinygen doctor",
            )
        name_of, size = sizes
        return Built(name_of, size.flash, size.ram, size.arena, None, None, None, 0)

    def overhead(self, model: Path, price: Price) -> Overhead:
        """What the firmware of a small model takes beside what its price says."""
        built = self.build(model, "smallest", verified=False)
        return Overhead(max(0, built.flash - price.flash), max(0, built.ram - price.ram))

    def _verified(self, out: Path, sizes: tuple[str, Sizes], board: Board) -> Built:
        try:
            result = verify(out)
        finally:
            stop(out)
        cost = result.cost
        counted = cost.mean if cost is not None and cost.unit == "instructions" else None
        name, size = sizes
        return Built(
            name,
            size.flash,
            size.ram,
            size.arena,
            board.id,
            result.verdict,
            counted,
            result.vectors,
        )

    def _boards(self) -> Iterator[tuple[Board, str]]:
        """The board, and an emulated one of the same core where it is none."""
        yield self.board, self.named
        if not _runs(self.board):
            twins = (b for b in all_boards() if isinstance(b.device, Qemu))
            same = [b for b in twins if b.core is self.board.core and "aot" in b.engines.available]
            yield from ((b, b.id) for b in same[:1])


def _runs(board: Board) -> bool:
    """Whether its firmware runs on this machine."""
    device = board.device
    return isinstance(device, Qemu) or (isinstance(device, Linux) and user_mode.runs_here(device))
