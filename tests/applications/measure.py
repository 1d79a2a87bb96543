"""Makes a network, builds its firmware and verifies it on an emulated board."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

import tinygen
from tests.applications.networks import Network, built, pictures
from tests.applications.table import BOARDS, Row
from tinygen.errors import DoesNotFit
from tinygen.project import VECTORS
from tinygen.proof.vectors import Vectors


def measure(network: Network, folder: Path, vectors: int = 10) -> Row:
    """The row of a network, made in `folder`, whose firmware is held against the oracle over so
    many vectors. Raises TinygenError where it does not build."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    images = pictures(network)
    model = built(network, images)
    path = folder / "model.keras"
    model.save(path)
    data = folder / "pictures.npz"
    np.savez(data, x=images)
    for board in BOARDS:
        out = folder / board
        try:
            made = tinygen.build(path, board=board, data=str(data), engine="aot", out=out)
        except DoesNotFit:
            continue
        try:
            result = tinygen.verify(out, vectors=vectors)
        finally:
            tinygen.stop(out)
        checked = Vectors.from_bytes((out / VECTORS).read_bytes()).expected[0][: result.vectors]
        return Row(
            *network.key,
            parameters=int(model.count_params()),
            board=board,
            flash=made.sizes.flash,
            arena=made.sizes.arena,
            instructions=result.instructions,
            vectors=result.vectors,
            codes=len(np.unique(checked)),
            verdict=result.verdict.value,
        )
    raise DoesNotFit(
        f"no emulated board has room for {network.name}",
        why=f"{', '.join(BOARDS)} were tried",
        next_step="a narrower or smaller one",
    )
