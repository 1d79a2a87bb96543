"""`flash` of a project whose tinygen.json lacked a key, or was cut short, ended in a traceback.

The whole law is in tests/project/test_manifest.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runner import tinygen

OLDER = {
    "tinygen": "0.0.1",
    "board": {"id": "qemu-cortex-m3", "core": "cortex-m3"},
    "model": {"name": "digits", "sha256": "0" * 64},
    "files": {},
}


@pytest.mark.parametrize("command", ["flash", "verify", "stop", "monitor"])
@pytest.mark.parametrize("content", [json.dumps(OLDER), json.dumps(OLDER)[:60]])
def test_the_command_says_what_is_wrong(command: str, content: str, tmp_path: Path) -> None:
    (tmp_path / "tinygen.json").write_text(content)
    ran = tinygen(command, tmp_path, cwd=tmp_path)
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err
