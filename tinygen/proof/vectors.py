"""Test vectors: inputs with the outputs that the host computes for them, kept in the project.

They are made at build time, so that verifying needs neither TensorFlow nor the oracle.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.errors import InputError
from tinygen.ir import Array, Edge
from tinygen.proof.oracle import HostRun

MINIMUM = 100
"""At least this many vectors, unless the model's input has fewer values."""

_DATA_SAMPLES = 60
_DATA = ("data", "test", "random data")


@dataclass(frozen=True, eq=False)
class Vectors:
    """Arrays are (vectors, *shape of the tensor), int8; `real_outputs` float32."""

    inputs: tuple[Array, ...]
    expected: tuple[Array, ...]
    oracle: str
    origins: tuple[str, ...]
    """Where each vector comes from: data, test, random, or `edge: ...`."""
    labels: Array
    """The class of each vector, -1 where it has none."""
    litert: HostRun | None = None
    refusals: tuple[str, ...] = ()
    """Runtimes that were asked and did not run the model, each with its reason."""
    real_outputs: tuple[Array, ...] | None = None
    """What the float model computes, where there is one."""

    def __len__(self) -> int:
        return len(self.origins)

    def from_data(self, count: int) -> Array:
        """Which of the first `count` vectors are samples of data, not made ones: bool[count]."""
        return np.isin(self.origins[:count], _DATA)

    def to_bytes(self) -> bytes:
        """An .npz; the same vectors give the same bytes."""
        columns: dict[str, Array] = {
            "labels": self.labels,
            "origins": np.array(self.origins),
            "oracle": np.array(self.oracle),
            "refusals": np.array(self.refusals, dtype=np.str_),
        }
        for i, value in enumerate(self.inputs):
            columns[f"input_{i}"] = value
        for i, value in enumerate(self.expected):
            columns[f"expected_{i}"] = value
        if self.litert is not None:
            columns["litert"] = np.array(self.litert.name)
            for i, value in enumerate(self.litert.outputs):
                columns[f"litert_{i}"] = value
        for i, value in enumerate(self.real_outputs or ()):
            columns[f"real_{i}"] = value
        file = io.BytesIO()
        np.savez_compressed(file, **columns)  # type: ignore[arg-type]
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Vectors:
        """The vectors of an .npz written by `to_bytes`; InputError when it is damaged."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                columns = dict(file)
            litert = _numbered(columns, "litert")
            return cls(
                inputs=_numbered(columns, "input"),
                expected=_numbered(columns, "expected"),
                oracle=str(columns["oracle"]),
                origins=tuple(str(o) for o in columns["origins"]),
                labels=columns["labels"],
                litert=HostRun(str(columns["litert"]), litert) if litert else None,
                refusals=tuple(str(r) for r in columns.get("refusals", ())),
                real_outputs=_numbered(columns, "real") or None,
            )
        except (ValueError, KeyError, OSError, EOFError) as error:
            raise InputError(
                "the project's test vectors are damaged",
                why=f"{type(error).__name__}: {error}",
                next_step="build the project again",
            ) from error


def _numbered(columns: dict[str, Array], name: str) -> tuple[Array, ...]:
    count = sum(1 for key in columns if key.startswith(f"{name}_"))
    return tuple(columns[f"{name}_{i}"] for i in range(count))


@dataclass(frozen=True, eq=False)
class Inputs:
    """Chosen inputs: int8 for the device, and the real values they stand for."""

    quantized: tuple[Array, ...]
    real: tuple[Array, ...]
    origins: tuple[str, ...]
    labels: Array


@dataclass(frozen=True, eq=False)
class Samples:
    """Real samples to take vectors from: one float32 array per input, (samples, *shape)."""

    origin: str
    inputs: tuple[Array, ...]
    labels: Array | None
    limit: int | None = _DATA_SAMPLES


def choose(
    edges: Sequence[Edge],
    samples: Sequence[Samples],
    seed: int,
) -> Inputs:
    """Samples of the user's data, edge inputs, and seeded random ones up to MINIMUM."""
    quantized: list[list[Array]] = [[] for _ in edges]
    real: list[list[Array]] = [[] for _ in edges]
    origins: list[str] = []
    labels: list[int] = []
    for source in samples:
        count = len(source.inputs[0])
        picks = np.arange(count)
        if source.limit is not None and count > source.limit:
            picks = np.linspace(0, count - 1, source.limit).round().astype(np.int64)
        for pick in picks:
            for i, edge in enumerate(edges):
                value = source.inputs[i][pick].reshape(edge.shape).astype(np.float32)
                real[i].append(value)
                quantized[i].append(edge.quantize(value))
            origins.append(source.origin)
            labels.append(-1 if source.labels is None else int(source.labels[pick]))
    generator = np.random.default_rng(seed)
    special = _special(edges)
    randoms = max(MINIMUM - len(origins) - len(special), 8)
    made = [
        *special,
        *(
            (
                "random",
                [generator.integers(t.dtype.low, t.dtype.high + 1, t.shape) for t in edges],
            )
            for _ in range(randoms)
        ),
    ]
    for origin, values in made:
        for i, (edge, value) in enumerate(zip(edges, values, strict=True)):
            codes = value.astype(edge.dtype.numpy)
            quantized[i].append(codes)
            real[i].append(edge.dequantize(codes))
        origins.append(origin)
        labels.append(-1)
    return Inputs(
        quantized=tuple(np.stack(q) for q in quantized),
        real=tuple(np.stack(r) for r in real),
        origins=tuple(origins),
        labels=np.array(labels, dtype=np.int64),
    )


def _special(edges: Sequence[Edge]) -> list[tuple[str, list[Array]]]:
    """Inputs that saturate, cancel or sit on a boundary."""

    def each(name: str, make: Callable[[Edge], Array]) -> tuple[str, list[Array]]:
        return f"edge: {name}", [make(t).reshape(t.shape) for t in edges]

    low, high = edges[0].dtype.low, edges[0].dtype.high
    return [
        each(f"all {low}", lambda t: np.full(t.elements, t.dtype.low)),
        each(f"all {high}", lambda t: np.full(t.elements, t.dtype.high)),
        each("all zero point", lambda t: np.full(t.elements, t.zero_point)),
        each("ramp up", lambda t: t.dtype.low + np.arange(t.elements) % 256),
        each("ramp down", lambda t: t.dtype.high - np.arange(t.elements) % 256),
        each(
            f"alternating {low} and {high}",
            lambda t: np.where(np.arange(t.elements) % 2, t.dtype.high, t.dtype.low),
        ),
        each(f"one {high} in zero points", lambda t: _impulse(t, t.dtype.high)),
        each(f"one {low} in zero points", lambda t: _impulse(t, t.dtype.low)),
    ]


def _impulse(edge: Edge, value: int) -> Array:
    codes = np.full(edge.elements, edge.zero_point)
    codes[edge.elements // 2] = value
    return codes
