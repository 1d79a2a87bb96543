"""`python -m tinygen` is the command `tinygen`."""

from __future__ import annotations

from tinygen.cli import main

main()
