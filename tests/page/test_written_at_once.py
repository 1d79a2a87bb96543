"""A file that is written in one step: interrupted, what was there stays, nothing lies beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygen.paths import write_at_once


def test_it_is_whole_or_what_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.html"
    write_at_once(file, b"first")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_at_once(file, b"second")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert file.read_bytes() == b"first"


def test_a_device_is_written_to(tmp_path: Path) -> None:
    link = tmp_path / "nothing"
    link.symlink_to("/dev/null")
    write_at_once(link, b"gone")
    assert link.is_symlink()
