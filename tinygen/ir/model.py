"""An int8 model as it goes through a build: read once, handed on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from tinygen.ir.graph import Graph


@dataclass(frozen=True, eq=False)
class Int8Model:
    """The bytes of a .tflite file, its graph as the file has it, and that graph simplified.

    The edges of `written` may have other types than int8; those of `graph` are what the device
    takes and gives.
    """

    content: bytes
    written: Graph
    graph: Graph

    @property
    def name(self) -> str:
        return self.graph.name

    @property
    def edges_kept(self) -> bool:
        """Whether the device takes and gives what the file does, type by type."""
        written, graph = self.written, self.graph
        return (written.inputs, written.outputs) == (graph.inputs, graph.outputs)

    @cached_property
    def sha256(self) -> str:
        """That of the file, in hexadecimal: what a device says which model it runs."""
        return hashlib.sha256(self.content).hexdigest()
