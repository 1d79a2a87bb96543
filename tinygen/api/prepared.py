"""A model that is ready for every board and engine, and how the cache has it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import msgspec

from tinygen import passes, tflite
from tinygen.api.kept import arrays_of_bytes, arrays_to_bytes
from tinygen.api.mix import Mix
from tinygen.ir import Edge, Int8Model
from tinygen.load import Format, Opened, Origin
from tinygen.proof.vectors import Samples
from tinygen.templates import Identity


@dataclass(frozen=True)
class Calibration:
    """What is to be said of the data that a model was quantized or is tested with."""

    source: str
    is_random: bool
    samples: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Prepared:
    """`mix` says which layers are int16, where some were looked for; `float_tflite` is the model
    before quantization, None where only int8 is known; `origin` what that was converted from, by a
    converter of another framework; `outputs` have the names of classes, where somebody says them;
    `image_range` is what the pixels 0 and 255 are to it. `samples` are those that vectors are taken
    from. `key` names in the cache what comes of the same files, None where nothing is kept."""

    opened: Opened
    model: Int8Model
    mix: Mix | None
    float_tflite: bytes | None
    origin: Origin | None
    data: Calibration | None
    samples: tuple[Samples, ...]
    outputs: tuple[Edge, ...]
    image_range: tuple[float, float]
    key: str | None

    def identity(self, engine: str, board: str, c_name: str) -> Identity:
        """What is made of it by the engine, for the board, says of itself; its name in C."""
        return Identity(
            name=self.model.name,
            engine=engine,
            board=board,
            sha256=self.model.sha256,
            version=metadata.version("tinygen"),
            labels=tuple(edge.labels for edge in self.outputs),
            c_name=c_name,
        )

    def to_bytes(self) -> bytes:
        """As the cache has it: what cannot be worked out at once of the rest."""
        opened = self.opened
        samples = tuple(
            _Samples(
                one.origin,
                arrays_to_bytes(one.inputs),
                None if one.labels is None else arrays_to_bytes((one.labels,)),
                one.limit,
                None if one.targets is None else arrays_to_bytes((one.targets,)),
            )
            for one in self.samples
        )
        return msgspec.msgpack.encode(
            _Kept(
                name=opened.name,
                format=opened.format,
                loader=opened.loader,
                sha256=opened.sha256,
                inputs=opened.inputs,
                names=opened.outputs,
                signatures=opened.signatures,
                model_name=self.model.name,
                content=self.model.content,
                mix=self.mix,
                float_tflite=self.float_tflite,
                origin=self.origin,
                data=self.data,
                samples=samples,
                outputs=self.outputs,
                image_range=self.image_range,
            )
        )

    @classmethod
    def from_bytes(
        cls, content: bytes, path: Path, key: str | None, *, keep_edges: bool
    ) -> Prepared:
        """What `to_bytes` made of the model file `path`; any exception for anything else."""
        had = msgspec.msgpack.decode(content, type=_Kept)
        written = tflite.read(had.content, had.model_name)
        graph = passes.simplify(written, keep_edges=keep_edges)
        samples = tuple(
            Samples(
                one.origin,
                arrays_of_bytes(one.inputs),
                None if one.labels is None else arrays_of_bytes(one.labels)[0],
                one.limit,
                None if one.targets is None else arrays_of_bytes(one.targets)[0],
            )
            for one in had.samples
        )
        return cls(
            opened=Opened(
                path=path,
                name=had.name,
                format=had.format,
                loader=had.loader,
                attempts=(),
                sha256=had.sha256,
                inputs=had.inputs,
                outputs=had.names,
                signatures=had.signatures,
            ),
            model=Int8Model(had.content, written, graph),
            mix=had.mix,
            float_tflite=had.float_tflite,
            origin=had.origin,
            data=had.data,
            samples=samples,
            outputs=had.outputs,
            image_range=had.image_range,
            key=key,
        )


@dataclass(frozen=True)
class _Samples:
    origin: str
    inputs: bytes
    labels: bytes | None
    limit: int | None
    targets: bytes | None


@dataclass(frozen=True)
class _Kept:
    """A `Prepared` as the cache has it: what cannot be worked out at once of the rest."""

    name: str
    format: Format
    loader: str
    sha256: str
    inputs: tuple[Edge, ...]
    names: tuple[str, ...]
    signatures: tuple[str, ...]
    model_name: str
    content: bytes
    mix: Mix | None
    float_tflite: bytes | None
    origin: Origin | None
    data: Calibration | None
    samples: tuple[_Samples, ...]
    outputs: tuple[Edge, ...]
    image_range: tuple[float, float]
