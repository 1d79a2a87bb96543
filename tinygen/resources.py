"""Where firmware/, templates/ and examples/ are: in the checkout, or in the installed package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tinygen.errors import InputError


@cache
def firmware_dir() -> Path:
    """The folder firmware/: the checkout's if this is one, else the installed package's."""
    return _data_dir("firmware")


@cache
def templates_dir() -> Path:
    """The folder templates/: the checkout's if this is one, else the installed package's."""
    return _data_dir("templates")


@cache
def examples_dir() -> Path:
    """The folder examples/: the checkout's if this is one, else the installed package's."""
    return _data_dir("examples")


def _data_dir(name: str) -> Path:
    # An editable install leaves a copy in site-packages that grows old: the checkout goes first.
    package = Path(__file__).resolve().parent
    for folder in (package.parent / name, package / "_data" / name):
        if folder.is_dir():
            return folder
    raise InputError(
        f"tinygen's own folder {name} is missing",
        why=f"it is neither beside the package in {package.parent} nor inside it",
        next_step="pip install --force-reinstall tinygen",
    )
