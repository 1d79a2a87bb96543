"""The command line: parse, one API call, show the result as text or `--json`."""

from __future__ import annotations

from tinygen.cli.entry import main

__all__ = ["main"]
