"""Test vectors: inputs with the outputs that the host computes for them, kept in the project.

They are made at build time, so that verifying needs neither TensorFlow nor the oracle.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.data.npy import read_header, read_values
from tinygen.errors import InputError
from tinygen.ir import Array, DType, Edge
from tinygen.proof.oracle import HostRun

MINIMUM = 100
"""At least this many vectors, unless the model's input has fewer values."""

_DATA_SAMPLES = 60
_STEPS = 20
"""Of a sequence of random inputs, and of what is run again."""
_FAR = 1e6
"""Steps from the codes that are beyond any, and within what TFLM's conversion to int32 defines."""
_DATA = ("data", "test", "random data")
_MAX_ARRAYS = 1000
_MAX_BYTES = 1 << 30
_UNREADABLE = (
    *(OSError, ValueError, KeyError, EOFError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, MemoryError),
)


@dataclass(frozen=True, eq=False)
class Vectors:
    """Arrays are (vectors, *shape of the edge), of its type; `real_outputs` float32."""

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
    targets: Array | None = None
    """What the first output should be, float64 (vectors, elements), NaN where nobody says; None
    where the data have no such values."""
    starts: Array | None = None
    """Of a model that remembers, whose vectors are sequences: bool[vectors], where it forgets and a
    new one begins; None for another model."""

    def __len__(self) -> int:
        return len(self.origins)

    def from_data(self, count: int) -> Array:
        """Which of the first `count` vectors are samples of data, not made ones: bool[count]."""
        return np.isin(self.origins[:count], _DATA)

    def begin(self, index: int) -> int:
        """Where the sequence begins that this vector is a step of; the vector itself where there
        are no sequences."""
        if self.starts is None:
            return index
        return int(np.flatnonzero(self.starts[: index + 1])[-1])

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
        if self.targets is not None:
            columns["targets"] = self.targets
        if self.starts is not None:
            columns["starts"] = self.starts
        file = io.BytesIO()
        np.savez_compressed(file, **columns)  # type: ignore[arg-type]
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Vectors:
        """The vectors of an .npz written by `to_bytes`; InputError when it is damaged.

        Whatever is in it, nothing is run, and no more memory taken than the file has bytes for.
        """
        try:
            columns = _columns(content)
            litert = _numbered(columns, "litert")
            vectors = cls(
                inputs=_numbered(columns, "input"),
                expected=_numbered(columns, "expected"),
                oracle=str(columns["oracle"]),
                origins=tuple(str(o) for o in columns["origins"].reshape(-1)),
                labels=columns["labels"],
                litert=HostRun(str(columns["litert"]), litert) if litert else None,
                refusals=tuple(str(r) for r in columns.get("refusals", np.array(())).reshape(-1)),
                real_outputs=_numbered(columns, "real") or None,
                targets=columns.get("targets"),
                starts=columns.get("starts"),
            )
            vectors._check_whole()
        except _UNREADABLE as error:
            raise InputError(
                "the project's test vectors are damaged",
                why=f"{type(error).__name__}: {error}",
                next_step="build the project again",
            ) from error
        return vectors

    def _check_whole(self) -> None:
        """ValueError unless there is one of everything for each vector, of the right type."""
        if not self.inputs or not self.expected or not len(self):
            raise ValueError("there is no vector in it")
        litert = self.litert.outputs if self.litert else ()
        for kind, arrays, types in (
            ("input", self.inputs, "iuf"),
            ("expected", self.expected, "iuf"),
            ("litert", litert, "iuf"),
            ("real", self.real_outputs or (), "f"),
            ("labels", (self.labels,), "i"),
            ("targets", () if self.targets is None else (self.targets,), "f"),
            ("starts", () if self.starts is None else (self.starts,), "b"),
        ):
            for array in arrays:
                if array.dtype.kind not in types or array.shape[:1] != (len(self),):
                    raise ValueError(
                        f"an array '{kind}' has the type {array.dtype} and the shape {array.shape},"
                        f" there are {len(self)} vectors"
                    )
        if self.labels.ndim != 1:
            raise ValueError(f"the labels have the shape {self.labels.shape}")
        if self.starts is not None and (self.starts.ndim != 1 or not self.starts[0]):
            raise ValueError("the first vector begins no sequence")
        if self.targets is not None and self.targets.ndim != 2:
            raise ValueError(f"the targets have the shape {self.targets.shape}")
        wanted = [array.shape for array in self.expected]
        for others in (litert, self.real_outputs or ()):
            if others and [array.shape for array in others] != wanted:
                raise ValueError("outputs of one model have different shapes")


def _columns(content: bytes) -> dict[str, Array]:
    """The arrays of an .npz by their names; one of `_UNREADABLE` for a damaged one."""
    columns: dict[str, Array] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        total = sum(entry.file_size for entry in entries)
        if len(entries) > _MAX_ARRAYS or total > _MAX_BYTES:
            raise ValueError(f"it holds {len(entries)} arrays of {total:,} bytes")
        for entry in entries:
            with archive.open(entry) as member:
                header = read_header(member, entry.file_size)
                columns[entry.filename.removesuffix(".npy")] = read_values(
                    member, header, header.dtype
                )
                member.read()  # to the end, where its CRC-32 is held against it
    return columns


def _numbered(columns: dict[str, Array], name: str) -> tuple[Array, ...]:
    count = sum(1 for key in columns if key.startswith(f"{name}_"))
    return tuple(columns[f"{name}_{i}"] for i in range(count))


@dataclass(frozen=True, eq=False)
class Inputs:
    """Chosen inputs: as the device takes them, and the real values they stand for."""

    quantized: tuple[Array, ...]
    real: tuple[Array, ...]
    origins: tuple[str, ...]
    labels: Array
    targets: Array | None
    starts: Array | None = None
    """As in `Vectors`."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Real samples to take vectors from: one float32 array per input, (samples, *shape).

    `targets` are what the first output should be, float64 (samples, elements). Where they are
    `ordered`, one follows the other.
    """

    origin: str
    inputs: tuple[Array, ...]
    labels: Array | None
    limit: int | None = _DATA_SAMPLES
    targets: Array | None = None
    ordered: bool = False

    def thinned(self) -> Samples:
        """Those alone that vectors are taken from: of fewer samples the same ones are."""
        picks = _picks(self)
        return Samples(
            origin=self.origin,
            inputs=tuple(array[picks] for array in self.inputs),
            labels=None if self.labels is None else self.labels[picks],
            limit=self.limit,
            targets=None if self.targets is None else self.targets[picks],
            ordered=self.ordered,
        )


def choose(
    edges: Sequence[Edge],
    samples: Sequence[Samples],
    seed: int,
    *,
    remembers: bool = False,
) -> Inputs:
    """Samples of the user's data, edge inputs, and seeded random ones up to MINIMUM; for a model
    that `remembers` as sequences, the first of them once more and backwards."""
    chosen = _single(edges, samples, seed)
    return _sequences(chosen) if remembers else chosen


def _sequences(chosen: Inputs) -> Inputs:
    """What was chosen, cut into sequences, with the first steps again, which are the same after a
    reset alone, and in the other order."""
    origins = chosen.origins
    count = len(origins)
    kinds = [origin.partition(":")[0] for origin in origins]
    starts = np.array([i == 0 or kinds[i] != kinds[i - 1] for i in range(count)])
    since = 0
    for i in range(count):
        since = i if starts[i] else since
        starts[i] = starts[i] or (kinds[i] == "random" and i - since == _STEPS)
        since = i if starts[i] else since
    length = int(np.flatnonzero([*starts[1:], True])[0]) + 1
    first = np.arange(min(length, _STEPS))
    again, steps = np.concatenate((first, first[::-1])), len(first)
    taken = np.concatenate((np.arange(count), again))
    return Inputs(
        quantized=tuple(array[taken] for array in chosen.quantized),
        real=tuple(array[taken] for array in chosen.real),
        origins=(*origins, *["edge: again"] * steps, *["edge: backwards"] * steps),
        labels=np.concatenate((chosen.labels, np.full(len(again), -1, np.int64))),
        targets=None
        if chosen.targets is None
        else np.concatenate(
            (chosen.targets, np.full((len(again), chosen.targets.shape[1]), np.nan))
        ),
        starts=np.concatenate((starts, np.arange(len(again)) % steps == 0)),
    )


def _single(edges: Sequence[Edge], samples: Sequence[Samples], seed: int) -> Inputs:
    """Samples of the user's data, edge inputs, and seeded random ones, each by itself."""
    picked = [(source, pick) for source in samples for pick in _picks(source)]
    special = _special(edges)
    randoms = max(MINIMUM - len(picked) - len(special), 8)
    generator = np.random.default_rng(seed)
    made = [*special, *[("random", lambda t: _random(t, generator))] * randoms]
    count = len(picked) + len(made)
    # Of large inputs many copies do not fit: every vector is put where it stays.
    quantized = tuple(np.empty((count, *edge.shape), edge.dtype.numpy) for edge in edges)
    real = tuple(np.empty((count, *edge.shape), np.float32) for edge in edges)
    for index, (source, pick) in enumerate(picked):
        for i, edge in enumerate(edges):
            real[i][index] = source.inputs[i][pick].reshape(edge.shape)
            quantized[i][index] = edge.quantize(real[i][index])
    for index, (_, make) in enumerate(made, len(picked)):
        for i, edge in enumerate(edges):
            quantized[i][index] = edge.of_codes(make(edge)).reshape(edge.shape)
            real[i][index] = edge.dequantize(quantized[i][index])
    labels = [-1 if s.labels is None else int(s.labels[pick]) for s, pick in picked]
    return Inputs(
        quantized=quantized,
        real=real,
        origins=(*(source.origin for source, _ in picked), *(origin for origin, _ in made)),
        labels=np.array([*labels, *[-1] * len(made)], dtype=np.int64),
        targets=_targets(picked, count),
    )


def _targets(picked: Sequence[tuple[Samples, int]], count: int) -> Array | None:
    widths = {source.targets.shape[1] for source, _ in picked if source.targets is not None}
    if len(widths) != 1:
        return None
    targets = np.full((count, *widths), np.nan)
    for index, (source, pick) in enumerate(picked):
        if source.targets is not None:
            targets[index] = source.targets[pick]
    return targets


def _picks(source: Samples) -> Array:
    """Which of the samples are taken, spread evenly where they are many."""
    count = len(source.inputs[0])
    if source.limit is None or count <= source.limit:
        return np.arange(count)
    if source.ordered:
        return np.arange(source.limit)
    return np.linspace(0, count - 1, source.limit).round().astype(np.int64)


def _special(edges: Sequence[Edge]) -> list[tuple[str, Callable[[Edge], Array]]]:
    """Inputs that saturate, cancel or sit on a boundary; named by the first one's type."""

    def each(name: str, make: Callable[[Edge], Array]) -> tuple[str, Callable[[Edge], Array]]:
        return f"edge: {name}", make

    low, high = edges[0].span
    made = [
        each(f"all {low}", lambda t: np.full(t.elements, t.span[0])),
        each(f"all {high}", lambda t: np.full(t.elements, t.span[1])),
        each("all zero point", lambda t: np.full(t.elements, t.zero_point)),
        each("ramp up", lambda t: t.span[0] + np.arange(t.elements) % _codes(t)),
        each("ramp down", lambda t: t.span[1] - np.arange(t.elements) % _codes(t)),
        each(
            f"alternating {low} and {high}",
            lambda t: np.where(np.arange(t.elements) % 2, t.span[1], t.span[0]),
        ),
        each(f"one {high} in zero points", lambda t: _impulse(t, t.span[1])),
        each(f"one {low} in zero points", lambda t: _impulse(t, t.span[0])),
    ]
    if any(edge.dtype is DType.FLOAT32 for edge in edges):
        made += [
            each("between two codes", lambda t: _beside(t, 0.5)),
            each("beyond all codes", lambda t: _beside(t, _FAR)),
        ]
    return made


def _random(edge: Edge, generator: np.random.Generator) -> Array:
    low, high = edge.span
    if edge.dtype is DType.FLOAT32:  # between codes, and somewhat beyond them
        return generator.uniform(1.25 * low, 1.25 * high, edge.shape)
    return generator.integers(low, high + 1, edge.shape)


def _codes(edge: Edge) -> int:
    """How many a ramp goes through."""
    return min(256, edge.span[1] - edge.span[0] + 1)


def _beside(edge: Edge, off: float) -> Array:
    """Of a float32 edge all codes, and so far above or below them; of others the zero point."""
    if edge.dtype is not DType.FLOAT32:
        return np.full(edge.elements, edge.zero_point)
    ramp = np.arange(edge.elements)
    return edge.span[0] + ramp % _codes(edge) + np.where(ramp % 2, off, -off)


def _impulse(edge: Edge, value: int) -> Array:
    codes = np.full(edge.elements, edge.zero_point)
    codes[edge.elements // 2] = value
    return codes
