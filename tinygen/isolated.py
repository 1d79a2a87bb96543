"""What an isolated Python runs first: `python -I isolated.py TOLD TARGET [ARGUMENT...]`.

TOLD is JSON from `tinygen.processes`: the folder of this very `tinygen` package, further folders of
modules, and a pipe whose end means that the parent has gone. TARGET is a module or a script.
Imports nothing of tinygen, so that a script that needs nothing of it starts quickly.
"""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import signal
import sys
import threading
from pathlib import Path


def main() -> None:
    """Run TARGET as the main program."""
    told = json.loads(sys.argv[1])
    # At the end, where nothing in them stands in for the standard library or an installed package.
    sys.path += [folder for folder in told["path"] if folder not in sys.path]
    if told["lifeline"] is not None:
        ends = (told["lifeline"], told["leads"])
        threading.Thread(target=_end_with_parent, args=ends, daemon=True).start()
    del sys.argv[:2]
    target = sys.argv[0]
    if target.endswith(".py"):
        runpy.run_path(target, run_name="__main__")
    else:
        _import_from(Path(told["package"]))
        runpy.run_module(target, run_name="__main__", alter_sys=True)


def _end_with_parent(lifeline: int, leads: bool) -> None:
    os.read(lifeline, 1)
    if leads:
        os.killpg(0, signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGKILL)


def _import_from(folder: Path) -> None:
    """Make `import tinygen` mean the package in `folder`, wherever else there is one."""
    spec = importlib.util.spec_from_file_location(
        "tinygen", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["tinygen"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    main()
