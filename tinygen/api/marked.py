"""Firmware of a project's sources with a pin that is high while an inference runs."""

from __future__ import annotations

from collections.abc import Mapping

from tinygen.api.again import Again, Change, variant, with_flags
from tinygen.errors import InputError
from tinygen.progress import Progress
from tinygen.project.folder import Project
from tinygen.resources import firmware_dir

MARKED = "marked"
"""In a project's state folder: the same firmware with a marker."""
_SOURCE = "tg_marker_arduino.cpp"


def marking(made: Again, *, trust_project: bool, progress: Progress) -> Project:
    """That firmware, built. InputError for a board of which no pin is known."""
    pin = made.board.marker_pin
    if pin is None:
        raise InputError(
            f"no pin of {made.board.id} is known for a marker",
            why="its board file has no marker_pin",
            next_step="a board file of your own with one (tinygen boards ID --toml), or record "
            "without a marker",
        )
    progress.stage("Building firmware with a marker")
    change = _with_marker(made, pin)
    return variant(made, MARKED, change, trust_project=trust_project, progress=progress)


def _with_marker(made: Again, pin: int) -> Change:
    def change(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        source = (firmware_dir() / "marker" / _SOURCE).read_bytes()
        flags = (f"-DTG_MARKER_PIN={pin}", "-Wl,--wrap=model_invoke")
        ini = with_flags(made, files["platformio.ini"], flags)
        return {**files, "platformio.ini": ini, f"src/{_SOURCE}": source}

    return change
