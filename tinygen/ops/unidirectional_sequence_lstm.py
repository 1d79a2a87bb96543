"""UNIDIRECTIONAL_SEQUENCE_LSTM in int8 or int16, with a cell of int16: all steps in one call."""

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
    ParamValue,
    Shape,
    Tensor,
    Values,
)
from tinygen.ops.fixed_point import (
    INT32_MAX,
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.gates import SIGMOIDS, sigmoid, tanh
from tinygen.ops.kernel_of_type import kernel_of_type
from tinygen.ops.parse import Parsed, Parser
from tinygen.ops.requantization import OneRounding, Requantization
from tinygen.ops.require import activations, dtype
from tinygen.ops.weighted import activation_quant, check_bias

_GATES = ("input", "forget", "cell", "output")
_WEIGHTS, _STATE_WEIGHTS, _BIASES = 1, 5, 12
_FIRST = (_WEIGHTS, _STATE_WEIGHTS, _BIASES)
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
        edges = (io.input(0), io.input(_HIDDEN), io.output)
        activations(self.kind, *edges)
        for tensor in edges:
            activation_quant(tensor, self.kind)
        if any(io.optional(i) is not None for i in _NOT_THERE):
            raise UnsupportedModel(
                f"{self.kind} with a projection, peepholes or normalization is not compiled",
                why="TensorFlow Lite Micro has none of them",
            )
        for i in (*range(_WEIGHTS, _WEIGHTS + 8), *range(_BIASES, _BIASES + 4)):
            tensor = io.input(i)
            if i < _BIASES:
                dtype(self.kind, tensor, DType.INT8)
            else:
                check_bias(tensor, tensor.elements, self.kind, (_bias_type(io),))
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
        zero_point, hidden_type = io.input(_HIDDEN).q.zero_point, io.input(_HIDDEN).dtype
        forget, entering, leaving = self._products(io)
        of_input, of_state = self._gates(io)
        weights, state_weights, biases = (_by_unit(io, i).astype(np.int64) for i in _FIRST)
        outputs = np.empty((len(rows), units), hidden_type.numpy)
        for step, row in enumerate(rows):
            by_input = of_input.apply(weights @ row + biases).astype(np.int64)
            by_state = of_state.apply(state_weights @ (hidden - zero_point))
            summed = _int16(by_input + by_state).T
            let_in, kept, out = (sigmoid(summed[gate]) for gate in (0, 1, 3))
            new = tanh(summed[2], 3, 0)
            cell = _int16(multiply_by_quantized_multiplier(kept * cell, *forget))
            cell = _int16(cell + _int16(multiply_by_quantized_multiplier(let_in * new, *entering)))
            if limit := self._limit(io):
                cell = np.clip(cell, -limit, limit)
            shown = tanh(cell, *self._tanh_scale(io))
            hidden = multiply_by_quantized_multiplier(shown * out, *leaving) + zero_point
            hidden = np.clip(hidden, hidden_type.low, hidden_type.high)
            outputs[step] = hidden
        return (
            outputs.reshape(io.output.shape),
            hidden.astype(hidden_type.numpy).reshape(io.input(_HIDDEN).shape),
            cell.astype(np.int16).reshape(io.input(_CELL).shape),
        )

    def kernels(self, io: Operands) -> Lowered:
        units, features = io.input(_WEIGHTS).shape
        of_input, of_state = self._gates(io)
        forget, entering, leaving = self._products(io)
        factor, shift = self._tanh_scale(io)
        hidden, cell = io.input(_HIDDEN), io.input(_CELL)
        call = KernelCall(
            kernel=kernel_of_type("unidirectional_sequence_lstm", hidden),
            inputs=(io.input(0).id, hidden.id, cell.id),
            outputs=tuple(tensor.id for tensor in io.outputs),
            params={
                "steps": io.input(0).elements // features,
                "features": features,
                "units": units,
                **self._arithmetic(io),
                "tanh_factor": factor,
                "tanh_shift": shift,
                "cell_limit": self._limit(io) or (1 << 15),
                "input_multiplier": tuple(of_input.multiplier.tolist()),
                "input_shift": tuple(of_input.shift.tolist()),
                "hidden_multiplier": tuple(of_state.multiplier.tolist()),
                "hidden_shift": tuple(of_state.shift.tolist()),
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

    def _arithmetic(self, io: Operands) -> dict[str, ParamValue]:
        """The parameters of the kernel that say how products of this type become sums."""
        source, hidden = io.input(0), io.input(_HIDDEN)
        if hidden.dtype is not DType.INT16:
            return {
                "input_zero_point": source.q.zero_point,
                "hidden_zero_point": hidden.q.zero_point,
            }
        sizes = [np.abs(_by_unit(io, first).astype(np.int64)) for first in _FIRST]
        of_input, of_state = (-hidden.dtype.low * size.sum(axis=-1) for size in sizes[:2])
        return {
            "input_wide": int((of_input + sizes[2]).max() > INT32_MAX),
            "hidden_wide": int(of_state.max() > INT32_MAX),
        }

    def _gates(self, io: Operands) -> tuple[Requantization, Requantization]:
        """From the four gates' sums, by the input and by the hidden state, to 12 fractional bits.
        TFLM multiplies the two scales of each in float32."""
        of_input = self._requantization(io, 0, _WEIGHTS)
        return of_input, self._requantization(io, _HIDDEN, _STATE_WEIGHTS)

    def _requantization(self, io: Operands, source: int, first: int) -> Requantization:
        scale = np.float32(io.input(source).q.scale)
        products = (scale * np.float32(io.input(first + gate).q.scale) for gate in range(4))
        pairs = np.array([quantize_multiplier(float(p) / _GATE_SCALE) for p in products])
        made = Requantization(
            pairs[:, 0].astype(np.int32),
            pairs[:, 1].astype(np.int8),
            0,
            DType.INT16.low,
            DType.INT16.high,
            DType.INT16,
        )
        wide = io.input(source).dtype is DType.INT16
        return OneRounding.of(made, self.kind) if wide else made

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


def _bias_type(io: Operands) -> DType:
    """What TFLM reads biases as."""
    return DType.INT64 if io.input(0).dtype is DType.INT16 else DType.INT32


def _int16(values: Int64) -> Int64:
    return np.clip(values, -(1 << 15), (1 << 15) - 1)


def _by_unit(io: Operands, first: int) -> Array:
    """What the four gates have, unit by unit."""
    return np.ascontiguousarray(np.stack([io.constant(first + i) for i in range(4)], axis=1))
