"""Ends an emulator whose project was removed: nobody could end it any more.

Run as a script beside every emulator: its process id, its creation time and the folder of its
record as arguments. Ends with the emulator. Imports nothing of tinygen, so that it stays small.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time

import psutil

_POLL_SECONDS = 1.0
_TERMINATE_SECONDS = 3.0
_CREATE_TIME_SECONDS = 2.0


def keep(pid: int, created: float, folder: str, record: str) -> None:
    """Wait for the end of the emulator, or of the file `record` in `folder`, which may be moved."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - created) > _CREATE_TIME_SECONDS:
            return
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            try:
                os.stat(record, dir_fd=place)
            except FileNotFoundError:
                _end(process)
                return
            time.sleep(_POLL_SECONDS)


def _end(process: psutil.Process) -> None:
    process.terminate()
    try:
        process.wait(_TERMINATE_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    keep(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4])
