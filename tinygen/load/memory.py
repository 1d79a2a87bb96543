"""A bound on the memory that opening a model may take.

A configuration of a few bytes can ask for a layer of any size, and Keras then fills its weights
with random numbers before it reads those in the file.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

_ALLOWED = 1 << 30
"""Bytes for a small file: twenty times what the largest microcontrollers hold."""
_PER_CORE = 64 << 20
"""For the threads that TensorFlow starts for each core: their stacks count as well."""


@contextlib.contextmanager
def bounded_memory(file_bytes: int) -> Iterator[None]:
    """Let this process take no more than 1 GiB and four times the file in addition, on Linux.

    TensorFlow then raises ResourceExhaustedError, and Python MemoryError. What is reserved and not
    written to does not count, as of memory pools.
    """
    try:
        import resource

        status = Path("/proc/self/status").read_text()
        used = int(re.search(r"^VmData:\s*(\d+) kB", status, re.MULTILINE)[1]) << 10  # type: ignore[index]
    except (ImportError, OSError, TypeError):
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit = used + _ALLOWED + _PER_CORE * (os.cpu_count() or 1) + 4 * file_bytes
    if before[0] != resource.RLIM_INFINITY:
        limit = min(limit, before[0])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
