"""The project on disk: its folder and manifest, the fixed files a board needs, platformio.ini."""

from __future__ import annotations

from tinygen.project.folder import (
    MODEL,
    VECTORS,
    Project,
    built,
    open_project,
    remember,
    write,
)
from tinygen.project.writing import hold, require_unedited

__all__ = [
    "MODEL",
    "VECTORS",
    "Project",
    "built",
    "hold",
    "open_project",
    "remember",
    "require_unedited",
    "write",
]
