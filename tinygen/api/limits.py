"""How long it may take to verify on a device."""

from __future__ import annotations

from tinygen.boards import Board
from tinygen.project.manifest import Model

# Multiply-accumulates per second of slow cores with kernels that are not made for them.
_SLOW_MACS = 500_000
_AVR_MACS = 100_000
_START_LIMIT = 60.0
_VECTOR_LIMIT = 1.0
_LINE_LIMIT = 5.0


def time_limit(board: Board, model: Model, vectors: int) -> float:
    """Seconds that verifying may take where nobody says how many: several times what a slow core
    and its serial port need, so that only a device that is stuck or lies reaches it."""
    wire = sum(edge.nbytes for edge in (*model.inputs, *model.outputs)) * 10 / board.serial.baud
    compute = model.macs / (_AVR_MACS if board.core.startswith("avr") else _SLOW_MACS)
    return round(_START_LIMIT + vectors * (_VECTOR_LIMIT + _LINE_LIMIT * wire + compute))
