"""With what a project was made, and refusing to make it again with something else (`--locked`)."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
from pathlib import Path

from tinygen.boards import Board
from tinygen.errors import InputError, ToolchainError
from tinygen.printable import shell_word
from tinygen.project import manifest
from tinygen.project.manifest import MANIFEST, Manifest

_ALWAYS = ("numpy", "platformio", "tflite-micro", "tinygen")
_QUANTIZING = ("keras", "tensorflow", "tf-keras")
"""Packages that an int8 file does not meet."""


def made_with(board: Board, *, quantized: bool) -> dict[str, str]:
    """The versions of what a project's bytes come from, by name; what is not installed is left out.

    The compiler's comes once the firmware is built: it is written there.
    """
    found = {"python": platform.python_version(), "platform": board.platformio.platform}
    for package in (*_ALWAYS, *(_QUANTIZING if quantized else ())):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return dict(sorted(found.items()))


class Lock:
    """What made the project that is in a folder."""

    def __init__(self, folder: Path) -> None:
        """InputError where there is no project."""
        if not (folder / MANIFEST).is_file():
            raise InputError(
                f"--locked, and there is no project in {folder}",
                why="it refuses other versions than those that made a project",
                next_step="build without it once, and keep its tinygen.json",
            )
        self._folder = folder
        self._made: Manifest = manifest.read(folder)

    def require(self, board: Board) -> None:
        """InputError, which lists them, where versions are others than those of the project."""
        then = self._made.made_with
        now = made_with(board, quantized="tensorflow" in then)
        changed = [
            f"{name}: {now.get(name, 'not installed')} here, {then.get(name, 'not used')} there"
            for name in sorted({*now, *then})
            if now.get(name) != then.get(name)
        ]
        if changed:
            raise InputError(
                f"{self._folder} was made with other versions than are installed",
                why="\n".join(changed),
                next_step="install those, or build without --locked",
            )

    def require_compiler(self, compiler: str) -> None:
        """ToolchainError where the firmware was compiled by another version."""
        firmware = self._made.firmware
        if firmware is not None and firmware.compiler != compiler:
            raise ToolchainError(
                f"the firmware was compiled by version {compiler}, before by {firmware.compiler}",
                why=f"--locked was given; {shell_word(self._folder)} is built, and is not verified",
                next_step="install that compiler, or build without --locked",
            )
