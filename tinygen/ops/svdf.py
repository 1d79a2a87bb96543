"""SVDF: dense layers over the last steps of time, each filter a feature times a memory."""

from __future__ import annotations

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
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.activation import INT8_MAX, INT8_MIN, Activation, quantized_range
from tinygen.ops.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    wrap_int32,
)
from tinygen.ops.parse import Parsed, Parser
from tinygen.ops.weighted import check_bias, check_bias_scale, check_weights, int8_quant

_FEATURES, _TIME, _BIAS, _STATE = 1, 2, 3, 4
"""Positions of the inputs behind the first."""


@dataclass(frozen=True)
class Svdf(Parsed):
    """input [batch, features]; weights of the features [filters, features] and of time [filters,
    memory], bias [units]; the state [batch, memory * filters], each filter's last results, which
    is left for the next call. Output: [batch, units], `rank` filters a unit.

    After Nakkiran et al., "Compressing Deep Neural Networks Using a Rank-Constrained Topology"
    (2015). State and weights of time are int16 or int8.
    """

    rank: int
    activation: Activation = Activation.NONE

    kind = "SVDF"
    arity = (5, 5)
    memory = (_STATE,)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.required(tflite.SVDFOptions)
        activation = Activation.parse(options.FusedActivationFunction(), cls.kind)
        return cls(int(options.Rank()), activation)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        source, features, time = (io.input(i) for i in (0, _FEATURES, _TIME))
        state = io.input(_STATE)
        fits = (
            len(source.shape) == len(features.shape) == len(time.shape) == 2
            and 0 not in (*source.shape, *features.shape, *time.shape)
            and features.shape == (time.shape[0], source.shape[1])
            and self.rank > 0
            and time.shape[0] % self.rank == 0
            and state.shape == (source.shape[0], time.elements)
        )
        if not fits:
            raise UnsupportedModel(
                f"{self.kind} of '{source.name}' {list(source.shape)} with the rank {self.rank}",
                why=f"its weights {list(features.shape)} and {list(time.shape)} and its state "
                f"{list(state.shape)} are not those of one",
                next_step="convert the model again",
            )
        units = time.shape[0] // self.rank
        check_bias(io.optional(_BIAS), units, self.kind)
        return ((source.shape[0], units), state.shape)

    def check(self, io: Operands) -> None:
        for tensor in (io.input(0), io.output):
            int8_quant(tensor, self.kind)
        time, state = io.input(_TIME), io.input(_STATE)
        check_weights(io.input(_FEATURES), self.kind, axis=0)
        require.dtype(self.kind, time, DType.INT8, DType.INT16)
        require.dtype(self.kind, state, time.dtype)
        require.activations(self.kind, state)
        for weights in (io.input(_FEATURES), time):
            require.per_tensor(self.kind, weights)
            if not weights.constant or weights.q.zero_point:
                raise UnsupportedModel(
                    f"the weights '{weights.name}' of {self.kind} are computed or have a zero point"
                )
        if io.optional(_BIAS) is None:
            raise UnsupportedModel(
                f"{self.kind} without a bias is not compiled",
                why="TensorFlow Lite Micro's kernel reads one in any case",
                next_step="convert the model again, with a bias of zeros",
            )
        check_bias_scale(state, time, io.input(_BIAS), self.kind)
        if quantized_range(self.activation, io.output.q) != (INT8_MIN, INT8_MAX):
            raise UnsupportedModel(
                f"{self.kind} with the activation {self.activation.name}, of an output of other "
                "codes too",
                why="runtimes leave it out, and let through whatever int8 has",
                next_step="make the activation a layer of its own",
            )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        state, dtype = io.input(_STATE), io.input(_STATE).dtype
        filters, memory = io.input(_TIME).shape
        source, weights, time, bias = (values[i].astype(np.int64) for i in range(_STATE))
        sums = wrap_int32((source - io.input(0).q.zero_point) @ weights.T)
        into, out = self._factors(io)
        newest = np.clip(multiply_by_quantized_multiplier(sums, *into), dtype.low, dtype.high)
        # What does not fit behind the zero point wraps, as upstream's does.
        newest = (newest + state.q.zero_point).astype(dtype.numpy)
        rows = values[_STATE].reshape(-1, filters, memory)
        left = np.concatenate([rows[..., 1:], newest[..., np.newaxis]], axis=-1)
        parts = ((left.astype(np.int64) - state.q.zero_point) * time).sum(axis=-1)
        units = parts.reshape(len(source), -1, self.rank).sum(axis=-1) + bias
        codes = multiply_by_quantized_multiplier(wrap_int32(units), *out) + io.output.q.zero_point
        return (
            np.clip(codes, INT8_MIN, INT8_MAX).astype(np.int8).reshape(io.output.shape),
            left.reshape(state.shape),
        )

    def kernels(self, io: Operands) -> Lowered:
        filters, memory = io.input(_TIME).shape
        state, wide = io.input(_STATE), io.input(_STATE).dtype is DType.INT16
        (into, into_shift), (out, out_shift) = self._factors(io)
        params = {
            "batches": io.input(0).shape[0],
            "features": io.input(0).shape[1],
            "filters": filters,
            "memory": memory,
            "rank": self.rank,
            "input_zero_point": io.input(0).q.zero_point,
            "state_multiplier": into,
            "state_shift": into_shift,
            "output_multiplier": out,
            "output_shift": out_shift,
            "output_zero_point": io.output.q.zero_point,
        }
        if not wide:
            params["state_zero_point"] = state.q.zero_point
        call = KernelCall(
            kernel=portable("svdf_int16" if wide else "svdf"),
            inputs=(io.input(0).id, state.id),
            outputs=tuple(tensor.id for tensor in io.outputs),
            params=params,
            constants={
                "feature_weights": Constant(io.constant(_FEATURES)),
                "bias": Constant(io.constant(_BIAS)),
                "time_weights": Constant(io.constant(_TIME)),
            },
            # Each filter's memory moves on by one, from its front.
            overlaps=(Overlap(1, 1, state.nbytes),),
            outer=frozenset(k for k in params if k.startswith(("input_", "state_", "output_"))),
        )
        return (call,)

    def macs(self, io: Operands) -> int:
        batches, features = io.input(0).shape
        filters, memory = io.input(_TIME).shape
        return batches * filters * (features + memory)

    def _factors(self, io: Operands) -> tuple[tuple[int, int], tuple[int, int]]:
        """Multipliers and shifts of what a filter makes of the input, and of what a unit makes of
        its filters' memory. TFLM computes both factors in float32."""
        source, features, time = (np.float32(io.input(i).q.scale) for i in (0, _FEATURES, _TIME))
        state, output = np.float32(io.input(_STATE).q.scale), np.float32(io.output.q.scale)
        with np.errstate(over="ignore"):
            into, out = source * features / state, state * time / output
        return quantize_multiplier(float(into)), quantize_multiplier(float(out))
