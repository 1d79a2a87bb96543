"""platformio.ini and README.md of a project."""

from __future__ import annotations

from collections.abc import Sequence

from tinygen import csource
from tinygen.boards import Board, TflmFrom
from tinygen.project import firmware, library, own
from tinygen.templates import Identity, render

_SCRIPTS = "extra_scripts"
_INCLUDED = ("src/hal", library.SOURCES, "src/protocol")


def platformio_files(
    board: Board,
    identity: Identity,
    build_flags: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> dict[str, str]:
    """`platformio.ini` and `README.md` of the project.

    `scripts` are files of the project that PlatformIO runs before a build, in this order.
    """
    options = dict(board.platformio.options)
    if scripts:
        more = [options[_SCRIPTS]] if _SCRIPTS in options else []  # a user's board file has some
        options[_SCRIPTS] = ", ".join([*(f"pre:{script}" for script in scripts), *more])
    local = firmware.PLATFORMS_DIR if board.platformio.local else ""
    values = {
        "name": csource.comment(identity.name),
        "board": board.id,
        "engine": identity.engine,
        "version": identity.version,
        "local_platform": local,
        "platform": board.platformio.platform,
        "platformio_board": board.platformio.board,
        "framework": board.platformio.framework,
        "build_flags": [
            *(f"-I{folder}" for folder in _INCLUDED),
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
