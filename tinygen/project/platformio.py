"""platformio.ini and README.md of a project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from tinygen import csource
from tinygen.boards import Board, TflmFrom
from tinygen.project import firmware, library, own
from tinygen.project.folder import model_file, vectors_file
from tinygen.project.naming import file_name
from tinygen.templates import Identity, render

_SCRIPTS = "extra_scripts"


def platformio_files(
    board: Board,
    identity: Identity,
    build_flags: Sequence[str] = (),
    scripts: Sequence[str] = (),
    beside: Sequence[Identity] = (),
) -> dict[str, str]:
    """`platformio.ini` and `README.md` of the project.

    `scripts` are files of the project that PlatformIO runs before a build, in this order; `beside`
    are the further models of the firmware.
    """
    options = dict(board.platformio.options)
    if scripts:
        more = [options[_SCRIPTS]] if _SCRIPTS in options else []  # a user's board file has some
        options[_SCRIPTS] = ", ".join([*(f"pre:{script}" for script in scripts), *more])
    models = (identity, *beside)
    libraries = [library.sources(one.c_name) for one in models]
    called = [_called(one.c_name, len(models)) for one in models]
    local = firmware.PLATFORMS_DIR if board.platformio.local else ""
    values = {
        "name": csource.comment(" and ".join(one.name for one in models)),
        "models": called,
        "board": board.id,
        "engine": identity.engine,
        "version": identity.version,
        "local_platform": local,
        "platform": board.platformio.platform,
        "platformio_board": board.platformio.board,
        "framework": board.platformio.framework,
        "build_flags": [
            *(f"-I{folder}" for folder in ("src/hal", *libraries, "src/protocol")),
            *firmware.port_flags(board),
            *board.platformio.build_flags,
            *build_flags,
        ],
        "build_unflags": board.platformio.build_unflags,
        "lib_ldf_mode": board.platformio.lib_ldf_mode,
        "libraries": options.pop("lib_deps", "").split("\n"),
        "settings": own.SETTINGS,
        "options": list(options.items()),
        "main": firmware.main_file(board),
        "bundled": board.engines.tflm_from is not TflmFrom.SOURCES,
    }
    return {name: render(f"{name}.j2", **values) for name in ("platformio.ini", "README.md")}


def _called(name: str, count: int) -> dict[str, str]:
    """The files of the model that is called so in C, of so many."""
    return {
        "name": name,
        "weights": PurePosixPath(file_name(f"{library.SOURCES}/weights.c", name)).name,
        "file": model_file(name, count),
        "vectors": vectors_file(name, count),
    }
