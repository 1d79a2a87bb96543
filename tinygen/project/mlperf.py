"""Firmware that MLPerf Tiny's runner drives: which of the benchmark's models it has, and the files
and flags that bring the benchmark's commands.

The models, and what the runner sends of a sample, are those of the closed division (mlcommons/tiny,
benchmark/reference_submissions).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tinygen.errors import InputError
from tinygen.ir import DType, Edge, format_shape
from tinygen.resources import firmware_dir

FLAG = "-DTG_MLPERF"
"""What compiles the commands into the firmware."""

_HEADER = """/* Which of MLPerf Tiny's models this is, and what its runner sends of a sample. */
#ifndef TG_BENCHMARK_H
#define TG_BENCHMARK_H

#define TG_SAMPLE_INT8 1
#define TG_SAMPLE_UINT8 2
#define TG_SAMPLE_FLOAT32 3
#define TG_RESULT_VALUES 1
#define TG_RESULT_ERROR 2 /* the mean of squares of output less sample */

#define TG_BENCHMARK "{id}"
#define TG_SAMPLE_TYPE TG_SAMPLE_{sample}
#define TG_SAMPLE_BYTES {sample_bytes}u
#define TG_RESULT TG_RESULT_{result}

#endif /* TG_BENCHMARK_H */
"""


@dataclass(frozen=True)
class Benchmark:
    """One of the benchmark's models: its shapes without the batch, what its samples are, and
    whether its result is the error of the sample's reconstruction."""

    id: str
    input_shape: tuple[int, ...]
    outputs: int
    sample: DType
    reconstructs: bool = False


BENCHMARKS = (
    Benchmark("kws01", (49, 10, 1), 12, DType.INT8),
    Benchmark("ic01", (32, 32, 3), 10, DType.UINT8),
    Benchmark("vww01", (96, 96, 3), 2, DType.UINT8),
    Benchmark("ad01", (640,), 640, DType.FLOAT32, reconstructs=True),
)


def benchmark(inputs: Sequence[Edge], outputs: Sequence[Edge]) -> Benchmark:
    """Which of the benchmark's models has these edges; InputError where none has."""
    edges = (*inputs, *outputs)
    if len(inputs) == len(outputs) == 1 and all(edge.dtype is DType.INT8 for edge in edges):
        shape = inputs[0].shape[1:]
        for known in BENCHMARKS:
            if known.input_shape == shape and known.outputs == outputs[0].elements:
                return known
    theirs = ", ".join(f"{b.id} {format_shape(b.input_shape)} to {b.outputs}" for b in BENCHMARKS)
    ours = ", ".join(f"{format_shape(edge.shape[1:])} of {edge.dtype.value}" for edge in edges)
    raise InputError(
        f"MLPerf Tiny has no model from and to {ours}",
        why=f"its runner knows {theirs}, all of int8",
        next_step="leave --protocol out: tinygen verify and tinygen run take any model",
    )


def protocol_files(of: Benchmark) -> dict[str, bytes]:
    """What such a project has beside the others': path in the project -> content."""
    header = _HEADER.format(
        id=of.id,
        sample=of.sample.name,
        sample_bytes=math.prod(of.input_shape) * of.sample.size,
        result="ERROR" if of.reconstructs else "VALUES",
    )
    folder = firmware_dir() / "mlperf"
    return {
        "src/protocol/tg_benchmark.h": header.encode(),
        **{f"src/protocol/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())},
    }
