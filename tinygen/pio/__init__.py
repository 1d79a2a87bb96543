"""PlatformIO: the one place that runs it, the core folder that is ours, what its output means, the
compilers on PATH, and the sizes of what it built."""

from __future__ import annotations

from tinygen.pio.run import BuildResult, UploadResult, build, elf_file, upload

__all__ = ["BuildResult", "UploadResult", "build", "elf_file", "upload"]
