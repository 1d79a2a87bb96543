"""How a converter answers, in its environment: `python -m tinygen.converters.NAME WHAT FOLDER`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tinygen.converters.refused import Refused

Work = Callable[[Path, Mapping[str, Any]], dict[str, Any]]
"""Done in a folder, by what its request.json says; gives what answer.json holds."""


def answer(convert: Work, run: Work) -> None:
    """Do WHAT in FOLDER, and leave the answer there."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    os.chdir(folder)
    request = json.loads((folder / "request.json").read_text("utf-8"))
    try:
        said = (convert if what == "convert" else run)(folder, request)
    except Refused as error:
        said = error.answer
    (folder / "answer.json").write_text(json.dumps(said), "utf-8")
