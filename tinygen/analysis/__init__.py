"""What is known of a graph before it is run, beside it: the graph stays as it is."""

from __future__ import annotations

from tinygen.analysis.ranges import Facts, facts

__all__ = ["Facts", "facts"]
