"""A bound on the memory that opening a model may take.

A configuration of a few bytes can ask for a layer of any size, and Keras then fills its weights
with random numbers before it reads those in the file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

_ALLOWED = 1 << 30
"""Bytes for a small file: twenty times what the largest microcontrollers hold."""


@contextlib.contextmanager
def bounded_memory(file_bytes: int) -> Iterator[None]:
    """Let this process take no more than 1 GiB and four times the file in addition, on Linux.

    TensorFlow then raises ResourceExhaustedError, and Python MemoryError.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + _ALLOWED + 4 * file_bytes
    if before[0] != resource.RLIM_INFINITY:
        limit = min(limit, before[0])
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
