"""The recipes of CONTRIBUTING.md as data, and a copy of the checkout to follow them in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.runner import ROOT

PAGE = ROOT / "CONTRIBUTING.md"
COPIED = ("tinygen", "templates", "firmware", "tests", "scripts", "pyproject.toml", "README.md")
_SECTION = re.compile(r"^### (.+)\n((?:(?!^##).*\n)*)", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Recipe:
    """New files by path, changes as (path, hunk of a diff), commands to run afterwards."""

    name: str
    files: dict[str, str]
    changes: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]

    @property
    def row(self) -> str:
        """What it takes, as a row of the table."""
        lines = sum(len(text.splitlines()) for text in self.files.values())
        added = sum(hunk.count("\n+") + hunk.startswith("+") for _, hunk in self.changes)
        return f"| {self.name[0].lower()}{self.name[1:]} | {len(self.files)} | {lines} | {added} |"

    def follow(self, checkout: Path) -> None:
        """Write the files and make the changes."""
        for path, text in self.files.items():
            target = checkout / path
            assert not target.exists(), f"{path} is there already"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        for path, hunk in self.changes:
            _apply(checkout / path, hunk)


def recipes(page: Path = PAGE) -> Iterator[Recipe]:
    """Every section that has commands to run."""
    for name, body in _SECTION.findall(page.read_text("utf-8")):
        blocks = _BLOCK.findall(body)
        commands = [text for kind, _, text in blocks if kind == "sh"]
        yield Recipe(
            name,
            {path: text for kind, path, text in blocks if kind not in ("sh", "diff")},
            tuple((path, text) for kind, path, text in blocks if kind == "diff"),
            tuple(line for text in commands for line in text.splitlines()),
        )


def _apply(file: Path, hunk: str) -> None:
    """Its old lines, which stand once in the file, become its new lines."""
    lines = hunk.splitlines()
    assert all(line[:1] in (" ", "+", "-") for line in lines), hunk
    old = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
    new = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
    text = file.read_text("utf-8")
    assert text.count(old) == 1, f"{file.name} has this {text.count(old)} times:\n{old}"
    file.write_text(text.replace(old, new), "utf-8")


def copy(folder: Path) -> Path:
    """What a recipe needs of the checkout."""
    ignored = shutil.ignore_patterns("__pycache__", ".pio", ".hypothesis", "*.pyc")
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored, symlinks=True)
        else:
            shutil.copy(source, target)
    return folder
