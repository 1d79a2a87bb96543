"""SELECT, which TensorFlow Lite Micro has not, as SELECT_V2, which it has."""

from __future__ import annotations

import struct

import tflite

from tinygen.ir import Graph, Operands
from tinygen.ops.select import Select

_OLD, _NEW = tflite.BuiltinOperator.SELECT, tflite.BuiltinOperator.SELECT_V2
_NARROW, _WIDE = 4, 10
"""Where the vtable of an operator code has its code, in 8 bits and in 32."""


def without_selects(content: bytes, graph: Graph) -> bytes:
    """The file of this graph with SELECT_V2 in the place of SELECT, which differ only where a
    condition is one for each first index; as it is where there is such, or no SELECT."""
    found = [graph.operands(node) for node in graph.nodes if isinstance(node.op, Select)]
    if not found or any(_by_rows(io) for io in found):
        return content
    changed = bytearray(content)
    model = tflite.Model.GetRootAs(content)
    for index in range(model.OperatorCodesLength()):
        table = model.OperatorCodes(index)._tab
        for field, form in ((_NARROW, "<b"), (_WIDE, "<i")):
            place = table.Pos + table.Offset(field)
            if table.Offset(field) and struct.unpack_from(form, content, place) == (_OLD,):
                struct.pack_into(form, changed, place, _NEW)
    return bytes(changed)


def _by_rows(io: Operands) -> bool:
    condition = io.input(0)
    return len(condition.shape) == 1 < len(io.output.shape) and condition.elements > 1
