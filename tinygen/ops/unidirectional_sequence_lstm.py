"""UNIDIRECTIONAL_SEQUENCE_LSTM in int8, with a cell of int16: all steps in one call."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    Constant,
    DType,
    KernelCall,
    Lowered,
    Operands,
    Overlap,
    Shape,
    Tensor,
    Values,
    portable,
)
from tinygen.ops.fixed_point import Int64, multiply_by_quantized_multiplier, quantize_multiplier
from tinygen.ops.gates import SIGMOIDS, sigmoid, tanh
from tinygen.ops.parse import Parsed, Parser
from tinygen.ops.require import dtype
from tinygen.ops.weighted import int8_quant

_GATES = ("input", "forget", "cell", "output")
_WEIGHTS, _STATE_WEIGHTS, _BIASES = 1, 5, 12
"""Positions of the inputs that the first of the four gates has."""
_HIDDEN, _CELL = 18, 19
_NOT_THERE = (9, 10, 11, 16, 17, 20, 21, 22, 23)
"""Peepholes, a projection and normalizations: not of Keras' layer."""
_GATE_SCALE, _ACTIVATED_SCALE = 2.0**-12, 2.0**-15
_SMALLEST, _LARGEST = -30, 2
"""Exponents of the cell's scale for which no product of TFLM's kernel needs more than 32 bits: what
enters a smaller cell, and the tangent's argument of a larger one, would."""


@dataclass(frozen=True)
class UnidirectionalSequenceLstm(Parsed):
    """input [1, steps, features], or with `time_major` [steps, 1, features]; weights of the four
    gates [units, features] and [units, units], biases [units]; the hidden state [1, units] and the
    cell [1, units], which are left for the next call. Output: the hidden state after each step."""

    cell_clip: float = 0.0
    """The largest magnitude of the cell; 0 for no limit."""
    time_major: bool = False

    kind = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    arity = (24, 24)
    memory = (_HIDDEN, _CELL)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.required(tflite.UnidirectionalSequenceLSTMOptions)
        if options.FusedActivationFunction() != tflite.ActivationFunctionType.TANH:
            raise UnsupportedModel(
                f"{cls.kind} with another activation than tanh is not compiled",
                why="Keras' default is what every runtime has",
                next_step="give the LSTM the activation tanh, or unroll=True",
            )
        return cls(float(options.CellClip()), bool(options.TimeMajor()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        source, units = io.input(0), io.input(_STATE_WEIGHTS).shape[0]
        batch, steps = self._batch_and_steps(source)
        shape = (steps, batch, units) if self.time_major else (batch, steps, units)
        hidden, cell = io.input(_HIDDEN), io.input(_CELL)
        fits = (
            batch == 1
            and all(io.input(_WEIGHTS + i).shape == (units, source.shape[2]) for i in range(4))
            and all(io.input(_STATE_WEIGHTS + i).shape == (units, units) for i in range(4))
            and all(io.input(_BIASES + i).shape == (units,) for i in range(4))
            and hidden.elements == cell.elements == units
        )
        if not fits:
            raise UnsupportedModel(
                f"{self.kind} of '{source.name}' {list(source.shape)} with {units} units",
                why="its weights, biases and states are not those of one LSTM with a batch of 1",
            )
        return (shape, hidden.shape, cell.shape)

    def _batch_and_steps(self, source: Tensor) -> tuple[int, int]:
        if len(source.shape) != 3:
            raise UnsupportedModel(f"{self.kind} of '{source.name}' {list(source.shape)}")
        first, second, _ = source.shape
        return (second, first) if self.time_major else (first, second)

    def check(self, io: Operands) -> None:
        for tensor in (io.input(0), io.input(_HIDDEN), io.output):
            int8_quant(tensor, self.kind)
        if any(io.optional(i) is not None for i in _NOT_THERE):
            raise UnsupportedModel(
                f"{self.kind} with a projection, peepholes or normalization is not compiled",
                why="TensorFlow Lite Micro has none of them",
            )
        for i in (*range(_WEIGHTS, _WEIGHTS + 8), *range(_BIASES, _BIASES + 4)):
            tensor = io.input(i)
            dtype(self.kind, tensor, DType.INT32 if i >= _BIASES else DType.INT8)
            if not tensor.constant:
                raise UnsupportedModel(f"{self.kind} with weights that are computed")
            if i < _BIASES and (not tensor.q.per_tensor or tensor.q.zero_point):
                raise UnsupportedModel(f"{self.kind} with weights quantized by channel")
        dtype(self.kind, io.input(_CELL), DType.INT16)
        scale = io.input(_CELL).q.scale
        power = math.log2(scale)
        if abs(power - round(power)) > 1e-3 or not _SMALLEST <= round(power) <= _LARGEST:
            raise UnsupportedModel(
                f"{self.kind} whose cell has the scale {scale:g}",
                why=f"it is computed for a power of two from 2^{_SMALLEST} to 2^{_LARGEST}",
            )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        units = io.input(_STATE_WEIGHTS).shape[0]
        rows = values[0].reshape(-1, io.input(0).shape[2]).astype(np.int64)
        hidden, cell = (values[i].reshape(-1).astype(np.int64) for i in (_HIDDEN, _CELL))
        rows -= io.input(0).q.zero_point
        zero_point = io.input(_HIDDEN).q.zero_point
        forget, entering, leaving = self._products(io)
        fractions = [self._fractions(io, gate) for gate in range(4)]
        outputs = np.empty((len(rows), units), np.int8)
        for step, row in enumerate(rows):
            summed = []
            for gate, (of_input, of_state) in enumerate(fractions):
                weights, state_weights = (
                    values[at + gate].astype(np.int64) for at in (_WEIGHTS, _STATE_WEIGHTS)
                )
                parts = (
                    (weights @ row + values[_BIASES + gate], of_input),
                    (state_weights @ (hidden - zero_point), of_state),
                )
                both = [_int16(multiply_by_quantized_multiplier(s, *f)) for s, f in parts]
                summed.append(_int16(both[0] + both[1]))
            let_in, kept, out = (sigmoid(summed[gate]) for gate in (0, 1, 3))
            new = tanh(summed[2], 3, 0)
            cell = _int16(multiply_by_quantized_multiplier(kept * cell, *forget))
            cell = _int16(cell + _int16(multiply_by_quantized_multiplier(let_in * new, *entering)))
            if limit := self._limit(io):
                cell = np.clip(cell, -limit, limit)
            shown = tanh(cell, *self._tanh_scale(io))
            hidden = multiply_by_quantized_multiplier(shown * out, *leaving) + zero_point
            hidden = np.clip(hidden, -128, 127)
            outputs[step] = hidden
        return (
            outputs.reshape(io.output.shape),
            hidden.astype(np.int8).reshape(io.input(_HIDDEN).shape),
            cell.astype(np.int16).reshape(io.input(_CELL).shape),
        )

    def kernels(self, io: Operands) -> Lowered:
        units, features = io.input(_WEIGHTS).shape
        fractions = [self._fractions(io, gate) for gate in range(4)]
        forget, entering, leaving = self._products(io)
        factor, shift = self._tanh_scale(io)
        hidden, cell = io.input(_HIDDEN), io.input(_CELL)
        call = KernelCall(
            kernel=portable("unidirectional_sequence_lstm"),
            inputs=(io.input(0).id, hidden.id, cell.id),
            outputs=tuple(tensor.id for tensor in io.outputs),
            params={
                "steps": io.input(0).elements // features,
                "features": features,
                "units": units,
                "input_zero_point": io.input(0).q.zero_point,
                "hidden_zero_point": hidden.q.zero_point,
                "tanh_factor": factor,
                "tanh_shift": shift,
                "cell_limit": self._limit(io) or (1 << 15),
                "input_multiplier": tuple(f[0][0] for f in fractions),
                "input_shift": tuple(f[0][1] for f in fractions),
                "hidden_multiplier": tuple(f[1][0] for f in fractions),
                "hidden_shift": tuple(f[1][1] for f in fractions),
                "product_multiplier": (forget[0], entering[0], leaving[0]),
                "product_shift": (forget[1], entering[1], leaving[1]),
            },
            constants={
                "weights": Constant(_by_unit(io, _WEIGHTS)),
                "hidden_weights": Constant(_by_unit(io, _STATE_WEIGHTS)),
                "bias": Constant(_by_unit(io, _BIASES)),
                "sigmoids": Constant(SIGMOIDS.view(np.int16)),
            },
            # The hidden state is written when all of it has been read, a cell after it was.
            overlaps=(
                Overlap(1, 1, hidden.nbytes, exact=True),
                Overlap(2, 2, cell.nbytes, exact=True),
            ),
        )
        return (call,)

    def macs(self, io: Operands) -> int:
        units, features = io.input(_WEIGHTS).shape
        return 4 * units * (features + units) * (io.output.elements // units)

    def _fractions(self, io: Operands, gate: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Multipliers and shifts of the gate's two sums: by its input and by the hidden state. TFLM
        multiplies the two scales of each in float32."""
        pairs = ((0, _WEIGHTS), (_HIDDEN, _STATE_WEIGHTS))
        products = (
            np.float32(io.input(source).q.scale) * np.float32(io.input(at + gate).q.scale)
            for source, at in pairs
        )
        of_input, of_state = (quantize_multiplier(float(p) / _GATE_SCALE) for p in products)
        return of_input, of_state

    def _products(self, io: Operands) -> tuple[tuple[int, int], ...]:
        """Multipliers and shifts of: what is kept of the cell, what enters it, what it shows."""
        cell, hidden = io.input(_CELL).q.scale, io.input(_HIDDEN).q.scale
        squared = _ACTIVATED_SCALE * _ACTIVATED_SCALE
        ratios = (_ACTIVATED_SCALE * cell / cell, squared / cell, squared / hidden)
        return tuple(quantize_multiplier(ratio) for ratio in ratios)

    def _tanh_scale(self, io: Operands) -> tuple[int, int]:
        """The factor and the shift by which the cell is what `tanh` takes."""
        shift = 12 + round(math.log2(io.input(_CELL).q.scale))
        return (3 << shift, 0) if shift >= 0 else (3, -shift)

    def _limit(self, io: Operands) -> int:
        """The largest magnitude of the cell; 0 for no limit."""
        if self.cell_clip <= 0:
            return 0
        scale = float(np.float32(io.input(_CELL).q.scale))
        return int(min(float(np.float32(self.cell_clip)) / scale, 32767.0))


def _int16(values: Int64) -> Int64:
    return np.clip(values, -(1 << 15), (1 << 15) - 1)


def _by_unit(io: Operands, first: int) -> Array:
    """What the four gates have, unit by unit."""
    return np.ascontiguousarray(np.stack([io.constant(first + i) for i in range(4)], axis=1))
