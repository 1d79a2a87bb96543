"""Whether a library is whole: every header that its files include comes along."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath

from tinygen.engines.tflm.library import Library

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def missing_headers(library: Library) -> set[str]:
    """The names in quotes that neither lie beside their user nor in a folder of the flags."""
    folders = [flag[2:] for flag in library.build_flags if flag.startswith("-I")]
    missing = set()
    for path, content in library.files.items():
        if path.endswith((".c", ".cc", ".h", ".S")):
            for name in _INCLUDE.findall(content.decode()):
                places = [PurePosixPath(path).parent / name, *(f"{f}/{name}" for f in folders)]
                if not any(posixpath.normpath(place) in library.files for place in places):
                    missing.add(name.removeprefix("./"))
    return missing
