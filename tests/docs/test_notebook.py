"""The example's notebook, executed without a screen, and a user's script under `mypy --strict`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.runner import ROOT

NOTEBOOK = ROOT / "examples" / "notebook" / "keras_to_firmware.ipynb"


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    book = nbformat.reads(NOTEBOOK.read_text("utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    html = [
        output["data"]["text/html"]
        for cell in book.cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]
    assert any("MATCH" in page and "<table>" in page for page in html), "results are pages"
    assert any("flash" in page for page in html)


def test_the_notebook_is_kept_without_outputs() -> None:
    book = nbformat.reads(NOTEBOOK.read_text("utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in book.cells)
    nbformat.validate(book)


def test_a_users_script_has_full_types(tmp_path: Path) -> None:
    script = Path(__file__).with_name("user_script.py")
    text = script.read_text("utf-8")
    (tmp_path / "own.py").write_text(text + "\nreveal_type(tinygen.build)\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "own.py"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (revealed,) = [line for line in done.stdout.splitlines() if "Revealed type" in line]
    assert "BuildResult" in revealed
    assert "board: str" in revealed.replace("builtins.", ""), "keywords have their types"
