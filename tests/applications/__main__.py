"""Builds larger architectures and verifies their firmware in QEMU: an hour or two.

    python -m tests.applications                    # all
    python -m tests.applications MobileNetV3 0.5    # whose name, width and size have all words
    python -m tests.applications --missing          # those that applications.json has no MATCH of

What each came to lies in applications.json; docs/applications.md is made of that.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.applications.measure import measure
from tests.applications.networks import NETWORKS
from tests.applications.table import TABLE, load, save
from tinygen.errors import TinygenError


def main(words: list[str]) -> None:
    """Measure, and print what came of it."""
    wanted = [word for word in words if not word.startswith("--")]
    for network in NETWORKS:
        rows = load() if TABLE.is_file() else {}
        said = " ".join(map(str, network.key))
        old = rows.get(network.key)
        done = "--missing" in words and old is not None and old.verdict == "MATCH"
        if done or not all(word in said for word in wanted):
            continue
        with tempfile.TemporaryDirectory(prefix="tinygen-applications-") as folder:
            try:
                row = measure(network, Path(folder))
            except TinygenError as error:
                print(f"{said}: {error.what}: {error.why}", flush=True)
                continue
        print(f"{said}: {row}", flush=True)
        save((rows | {row.key: row}).values())


if __name__ == "__main__":
    main(sys.argv[1:])
