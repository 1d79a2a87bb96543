"""Why figures of docs/performance.md are not reached: by hand, a note for each."""

from __future__ import annotations

from collections.abc import Mapping

NOTES: Mapping[str, str] = {}

BEYOND = """## Portable C on other cores
"""
