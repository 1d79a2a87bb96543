"""The recipes of CONTRIBUTING.md, followed as they stand there, in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import models_dir
from tests.docs.recipes import PAGE, Recipe, copy, recipes
from tinygen.devices import qemu

RECIPES = tuple(recipes())
WORDS = {"python": [sys.executable], "tinygen": [sys.executable, "-m", "tinygen"]}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name.replace(" ", "-"))
def test_a_recipe_leads_to_what_it_promises(recipe: Recipe, tmp_path: Path) -> None:
    checkout = copy(tmp_path)
    recipe.follow(checkout)
    try:
        for line in recipe.commands:
            ran = _run(line, checkout)
            assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
            if line.startswith("tinygen verify"):
                assert ran.stdout.startswith("MATCH")
            if "pytest" in line:
                assert re.search(r"\d+ passed", ran.stdout), ran.stdout
    finally:
        for project in (checkout / "build").glob("*"):
            qemu.stop(project / ".tinygen")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name.replace(" ", "-"))
def test_a_recipe_is_in_the_style_of_the_house(recipe: Recipe, tmp_path: Path) -> None:
    checkout = copy(tmp_path)
    recipe.follow(checkout)
    files = [name for name in recipe.files if name.endswith(".py")]
    changed = [path for path, _ in recipe.changes if path.endswith(".py")]
    for check in (["check", "-q"], ["format", "-q", "--check"]):
        command = [sys.executable, "-m", "ruff", *check, *files, *changed]
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_recipe_says_what_it_takes() -> None:
    text = PAGE.read_text("utf-8")
    table = text[text.index("| recipe |") :].split("\n\n")[0].splitlines()[2:]
    assert table == [recipe.row for recipe in RECIPES]
    assert all(recipe.commands for recipe in RECIPES)


def _run(line: str, checkout: Path) -> subprocess.CompletedProcess[str]:
    program, *words = shlex.split(line)
    return subprocess.run(
        [*WORDS[program], *words],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "TINYGEN_MODELS": str(models_dir())},
        capture_output=True,
        text=True,
        check=False,
    )
