"""The aot engine: a graph becomes kernel calls, a memory plan and C. No interpreter, no heap."""

from __future__ import annotations

from tinygen.engines.aot.fit import needs
from tinygen.engines.aot.make import Aot
from tinygen.engines.aot.optimized import left_out, optimized, parameters
from tinygen.engines.aot.price import Price, price
from tinygen.engines.aot.program import Layer, Program, compile_graph

__all__ = [
    "Aot",
    "Layer",
    "Price",
    "Program",
    "compile_graph",
    "left_out",
    "needs",
    "optimized",
    "parameters",
    "price",
]
