"""PlatformIO's core folder of tinygen's own: where it keeps packages, and how it is started."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

from tinygen import processes
from tinygen.pio.plain import plain_folder

_SCONS = """\
import os
import sys

from SCons.Environment import Base
from SCons.Script import main

record_in = Base.SConsignFile


def record_beside_what_is_built(env, name, *arguments):
    # PlatformIO puts the record of what was built of what beside the objects that projects share.
    # Their paths in their projects are the same: one's would pass for the other's.
    record_in(env, os.path.join("$BUILD_DIR", os.path.basename(name)), *arguments)


Base.SConsignFile = record_beside_what_is_built
sys.argv.insert(1, "--no-site-dir")  # nobody's Python files but PlatformIO's
main()
"""
"""The build tool as PlatformIO starts it."""


OBJECTS = "objects"
"""The folder in the cache of compiled objects that projects share."""

CORE_PREFIX = "platformio-"

TRUST_KEY = "trust.key"
"""The file in the cache that projects are signed with: who can write there runs programs anyway."""


def cache_dir() -> Path:
    """Where tinygen keeps what can be made again: TINYGEN_CACHE, or the user's cache folder."""
    return Path(
        os.environ.get("TINYGEN_CACHE") or platformdirs.user_cache_dir("tinygen")
    ).absolute()


def core_name() -> str:
    """The name of the core folder in the cache."""
    return f"{CORE_PREFIX}{_version()}"


def core_dir() -> Path:
    """PlatformIO's core folder for this version, ready to build with no network."""
    core = plain_folder(cache_dir()) / core_name()
    if not (core / "packages" / "tool-scons").is_dir():
        _prepare_scons(core)
    scons = core / "packages" / "tool-scons" / "scons.py"
    if scons.read_text(encoding="utf-8") != _SCONS:  # an older tinygen's
        _write_atomically(scons, _SCONS)
    if not (core / "appstate.json").exists():
        # Without a last version PlatformIO greets a newcomer in the middle of the output.
        _write_atomically(core / "appstate.json", json.dumps({"last_version": _version()}))
    return core


def environment() -> dict[str, str]:
    """The environment PlatformIO runs in: what every program inherits, and our settings."""
    return processes.environment() | {
        "PYTHONDONTWRITEBYTECODE": "1",  # no __pycache__ beside the project's platform
        "PLATFORMIO_CORE_DIR": str(core_dir()),
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_NO_ANSI": "true",
        "PLATFORMIO_DISABLE_PROGRESSBAR": "true",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    }


def _version() -> str:
    return importlib.metadata.version("platformio")


def _prepare_scons(core: Path) -> None:
    """Put SCons, as installed from PyPI, where PlatformIO expects its package tool-scons.

    PlatformIO takes a package in this folder as its own if name, version and owner are right, and
    then downloads nothing. Built aside and renamed, so that two processes may do it at once.
    """
    from platformio.dependencies import get_core_dependencies

    version = get_core_dependencies()["tool-scons"].lstrip("~^>=")
    spec = {"owner": "platformio", "id": None, "name": "tool-scons"}
    files = {
        "package.json": {"name": "tool-scons", "version": version},
        ".piopm": {
            "type": "tool",
            "name": "tool-scons",
            "version": version,
            "spec": spec | {"requirements": None, "uri": None},
        },
    }
    packages = core / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="tool-scons-", dir=core))
    aside.chmod(0o755)
    for name, content in files.items():
        (aside / name).write_text(json.dumps(content), encoding="utf-8")
    (aside / "scons.py").write_text(_SCONS, encoding="utf-8")
    try:
        aside.rename(packages / "tool-scons")
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        if not (packages / "tool-scons").is_dir():
            raise


def _write_atomically(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    with contextlib.suppress(OSError):
        Path(name).replace(path)
