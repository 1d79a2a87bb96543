"""All that is known of a project: of what it is, and of what was measured of it as it is now."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tinygen.api.again import again
from tinygen.api.board import project_board
from tinygen.api.built import look
from tinygen.api.layers import LayersResult
from tinygen.api.own_data import stored_vectors
from tinygen.api.power import PowerResult
from tinygen.api.profile import ProfileResult
from tinygen.api.results import Kept, kept
from tinygen.api.verify import VerifyResult
from tinygen.boards import Board
from tinygen.engines.traced import Traced
from tinygen.errors import TinygenError
from tinygen.pio import elf
from tinygen.pio.elf import Sizes
from tinygen.pio.parts import Part, flash_parts
from tinygen.progress import Progress
from tinygen.project.folder import Project
from tinygen.proof.layer_fidelity import FidelityResult
from tinygen.proof.vectors import Vectors

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Facts:
    """A project as it is now. A result is None where there is none of this very build."""

    project: Project
    board: Board
    build_id: str
    sizes: Sizes | None
    """Of the firmware; None where it was not built since the last change."""
    elf_sha256: str | None
    """Of that firmware, with its compiler's version."""
    compiler: str | None
    parts: tuple[Part, ...] | None
    traced: Traced | None
    vectors: Vectors | None
    verify: Kept[VerifyResult] | None
    samples: Kept[VerifyResult] | None
    """Over a data set of one's own (`verify --data`)."""
    layers: Kept[LayersResult] | None
    profile: Kept[ProfileResult] | None
    power: Kept[PowerResult] | None
    fidelity: Kept[FidelityResult] | None
    """Layer by layer (`build --fidelity`)."""
    stale: tuple[str, ...]
    """Which of them there are of another build."""
    troubles: tuple[str, ...]
    """What could not be found out, and why."""


def gather(project: Project, progress: Progress) -> Facts:
    """What the project holds. What cannot be read is told in `troubles`; InputError where the
    project's sources are not there. Nothing of it is run."""
    board = project_board(project)
    built = look(project, board)
    troubles: list[str] = []
    stale: list[str] = []

    def tried(call: Callable[[], T]) -> T | None:
        try:
            return call()
        except TinygenError as error:
            troubles.append(f"{error.what}: {error.why}" if error.why else error.what)
            return None

    def current(name: str, kind: type[T]) -> Kept[T] | None:
        found = kept(project, name, kind)
        if found is not None and found.build_id != built.build_id:
            stale.append(name)
            return None
        return found

    progress.stage("Compiling the model again")
    made = tried(lambda: again(project, progress))
    traced = None if made is None else tried(lambda: made.engine.follow(made.job))
    file = built.elf if built.current else None
    sizes = None if file is None else tried(lambda: elf.sizes(file, board.memory))
    parts = None
    if file is not None and sizes is not None:
        parts = tried(lambda: flash_parts(file, sizes.flash))
    return Facts(
        project=project,
        board=board,
        build_id=built.build_id,
        sizes=sizes,
        elf_sha256=None if file is None else hashlib.sha256(file.read_bytes()).hexdigest(),
        compiler=None if file is None or built.stamp is None else built.stamp.compiler,
        parts=parts,
        traced=traced,
        vectors=tried(lambda: stored_vectors(project)),
        verify=current("verify", VerifyResult),
        samples=current("samples", VerifyResult),
        layers=current("layers", LayersResult),
        profile=current("profile", ProfileResult),
        power=current("power", PowerResult),
        fidelity=current("fidelity", FidelityResult),
        stale=tuple(stale),
        troubles=tuple(troubles),
    )
