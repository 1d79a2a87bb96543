"""applications.json: what became of each network."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.applications.networks import NETWORKS
from tests.runner import ROOT

TABLE = ROOT / "applications.json"
BOARDS = ("qemu-cortex-m4", "qemu-aarch64")
"""The first that has room for a network runs it."""

Key = tuple[str, float, int]


@dataclass(frozen=True)
class Row:
    """A network, and its firmware. Bytes; instructions of one inference, counted where QEMU counts
    them, which its user mode does not."""

    name: str
    width: float
    size: int
    parameters: int
    board: str
    flash: int
    arena: int
    instructions: int | None
    vectors: int
    codes: int
    """Different output codes among all vectors: outputs that are all alike would prove little."""
    verdict: str

    @property
    def key(self) -> Key:
        return self.name, self.width, self.size


def load(path: Path = TABLE) -> dict[Key, Row]:
    """The tracked file, a row for each network."""
    rows = (Row(**row) for row in json.loads(path.read_text("utf-8")))
    return {row.key: row for row in rows}


def save(rows: Iterable[Row], path: Path = TABLE) -> None:
    """A row per line, in the order of the networks."""
    order = {network.key: number for number, network in enumerate(NETWORKS)}
    kept = sorted((row for row in rows if row.key in order), key=lambda row: order[row.key])
    path.write_text("[\n" + ",\n".join(json.dumps(asdict(row)) for row in kept) + "\n]\n", "utf-8")
