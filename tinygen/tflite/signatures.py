"""Signatures of a `.tflite` file: which of its subgraphs are models of their own, by name."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.printable import printable
from tinygen.tflite.parse import MALFORMED, damaged, parse
from tinygen.tflite.write import with_edges

_MOST = 1000
_SUBGRAPHS, _SIGNATURES = 8, 18
"""Where the root's vtable has them."""


def signatures(content: bytes, name: str) -> Mapping[str, int]:
    """The subgraph of each signature, by their names; InputError where the file, called `name` in
    errors, is damaged there, UnsupportedModel where one names other edges than its subgraph has.
    None of what is no such file, which parsing it says."""
    if content[4:8] != b"TFL3":
        return {}
    try:
        model = tflite.Model.GetRootAs(content, 0)
        graphs, count = model.SubgraphsLength(), model.SignatureDefsLength()
        if not 0 <= count <= _MOST:
            raise ValueError(f"it has {count} signatures")
        found: dict[str, int] = {}
        for entry in (model.SignatureDefs(i) for i in range(count)):
            key = printable((entry.SignatureKey() or b"").decode("utf-8", "replace"))
            if not 0 <= (index := int(entry.SubgraphIndex())) < graphs:
                raise ValueError(f"the signature '{key}' names subgraph {index} of {graphs}")
            graph = model.Subgraphs(index)
            _check("input", _named(entry.Inputs, entry.InputsLength()), graph.InputsAsNumpy(), key)
            _check(
                "output", _named(entry.Outputs, entry.OutputsLength()), graph.OutputsAsNumpy(), key
            )
            found.setdefault(key, index)
    except MALFORMED as error:
        raise damaged(name, error) from error
    return found


def _named(entry: Callable[[int], Any], count: int) -> list[int]:
    """The tensors that a signature names."""
    if not 0 <= count <= _MOST:
        raise ValueError(f"a signature has {count} edges")
    return [int(entry(i).TensorIndex()) for i in range(count)]


def _check(side: str, named: Sequence[int], there: Any, key: str) -> None:
    """UnsupportedModel where a signature's `side` is none of its subgraph's."""
    known = {int(i) for i in there} if isinstance(there, np.ndarray) else set()
    if others := [i for i in named if i not in known]:
        raise UnsupportedModel(
            f"the signature '{key}' names tensor {others[0]} as {side}, its subgraph does not",
            why="runtimes are asked by the one or by the other; the file contradicts itself",
            next_step="convert the model again",
        )


def in_order_of_names(content: bytes) -> bytes:
    """The file of one signature with its inputs and outputs in the order of their names there: a
    SavedModel has them in none."""
    entry = tflite.Model.GetRootAs(content, 0).SignatureDefs(0)
    sides = []
    for item, count in (
        (entry.Inputs, entry.InputsLength()),
        (entry.Outputs, entry.OutputsLength()),
    ):
        named = [item(i) for i in range(count)]
        sides.append([int(one.TensorIndex()) for one in sorted(named, key=lambda e: e.Name())])
    made = with_edges(content, sides[0], sides[1], without=())
    file = parse(made, "the converted model")
    if [list(file.inputs), list(file.outputs)] != sides:
        raise UnsupportedModel(
            "the inputs and outputs of the converted model cannot be put in order"
        )
    return made


def with_signature(content: bytes, index: int) -> bytes:
    """The file with this subgraph as its only one, and no signatures: written over the old ones.
    What the others have stays in it, unread."""
    made = bytearray(content)
    root = tflite.Model.GetRootAs(content, 0)._tab
    graphs = root.Vector(root.Offset(_SUBGRAPHS))
    place = graphs + 4 * index
    target = place + struct.unpack_from("<I", content, place)[0]
    struct.pack_into("<I", made, graphs - 4, 1)
    struct.pack_into("<I", made, graphs, target - graphs)
    if field := root.Offset(_SIGNATURES):
        struct.pack_into("<I", made, root.Vector(field) - 4, 0)
    return bytes(made)
