"""Whether a compiled program has room on a board, before anything is built."""

from __future__ import annotations

from tinygen.boards import Board
from tinygen.engines.aot import Program
from tinygen.errors import DoesNotFit


def require_room(program: Program, board: Board) -> None:
    """Raise DoesNotFit when the arena or the constants alone are more than the board has."""
    constants = constant_bytes(program)
    arena = program.plan.arena_bytes
    ram = board.memory.ram.bytes - board.stack_bytes
    flash = board.memory.flash.bytes
    short = []
    if arena > ram:
        short.append(
            f"RAM: the arena needs {arena:,} bytes, {board.id} has {ram:,} bytes "
            f"({board.memory.ram.bytes:,} less {board.stack_bytes:,} for the stack)"
        )
    if constants > flash:
        short.append(f"flash: the weights need {constants:,} bytes, {board.id} has {flash:,} bytes")
    reach = board.memory.constants_bytes
    if reach is not None and reach < constants <= flash:
        short.append(
            f"flash: the weights need {constants:,} bytes, the core reads constants from the lower "
            f"{reach:,} bytes"
        )
    if not short:
        return
    peak = max(range(len(program.layers)), key=lambda i: program.plan.live_bytes[i], default=None)
    helps = []
    if arena > ram and peak is not None:
        layer = program.layers[peak]
        helps.append(
            f"the arena's peak is at {layer.node.op.kind} '{layer.title}': "
            "a smaller input or fewer channels there"
        )
    if constants > (flash if reach is None else reach):
        helps.append("fewer channels in the last layers, where most weights are")
    raise DoesNotFit(
        f"the model does not fit {board.id}",
        why="\n".join(short),
        next_step="\n".join([*helps, "or a larger board: tinygen inspect MODEL shows which fit"]),
    )


def constant_bytes(program: Program) -> int:
    """Bytes of flash that weights, biases and tables take, each array once."""
    arrays = {id(a): a.nbytes for layer in program.layers for a in layer.call.constants.values()}
    for layer in program.layers:
        for tensor_id in layer.call.inputs:
            tensor = program.graph.tensors[tensor_id]
            if tensor.data is not None:
                arrays[id(tensor.data)] = tensor.data.nbytes
    return sum(arrays.values())
