"""A child of `tinygen.parallel`: does what its request says, and answers with it.

sleep SECONDS FILE    the number of the process in FILE first, then its time when that is over
fail WORDS            an error
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def main() -> None:
    said = sys.stdin.buffer.read()
    what, *words = said.decode().split()
    if what == "fail":
        raise SystemExit(" ".join(words))
    begun = time.monotonic()
    Path(words[1]).write_text(f"{os.getpid()}")
    time.sleep(float(words[0]))
    Path(words[1]).write_text(f"{begun} {time.monotonic()}")
    sys.stdout.buffer.write(said)


if __name__ == "__main__":
    main()
