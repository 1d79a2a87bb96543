"""What a device says about itself when a session opens."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tinygen.devices.link import frames
from tinygen.devices.link.frames import Feature
from tinygen.devices.link.reader import Reader, told
from tinygen.errors import DeviceError, DoesNotFit, TinygenError
from tinygen.ir import Edge

MODEL_OK = 0
_MODEL_STATUS = {
    0: "ready",
    1: "the canary behind the arena was overwritten",
    2: "the arena is too small",
    3: "the engine failed",
    4: "no NPU answers that the model is for",
}
_MODEL_ARENA = 2
_MODEL_NPU = 4
_TENSOR_BYTES_MAX = 1 << 26


def status_text(status: int) -> str:
    """What a `model_status` of the firmware means."""
    return _MODEL_STATUS.get(status, f"unknown status {status}")


RESETS = {
    1: "power came on",
    2: "the supply fell too low",
    3: "its reset pin",
    4: "its own software",
    5: "its watchdog",
    6: "a fault of the program",
    7: "it woke from sleep",
    8: "a debugger",
    9: "not power: its RAM was kept",
}
"""What started a chip, by the codes of firmware/hal/tg_hal.h; 0, or another, tells nothing."""


@dataclass(frozen=True)
class Hello:
    """The device's description of its model, engine and board.

    `build_id` says which firmware it is, in hexadecimal; `compiler` is the version of its compiler.
    `arena_used` is what the engine needs: more than `arena_bytes` when the arena is too small.
    `payload` is the most tensor bytes in one frame, `window` the most requests under way; `layers`
    is how many layers can be run one by one, 0 without that feature. `reset` is what started the
    chip and `fault` the words of the fault before that; empty where the device does not know.
    `fastest` is the highest rate of its serial line, 0 where it has but one. `words` are lines of
    text that came before it. `models` is how many there are, of which this is one.
    """

    protocol: int
    build_id: str
    model_sha256: str
    model: str
    engine: str
    board: str
    compiler: str
    features: Feature
    layers: int
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]
    arena_bytes: int
    arena_used: int
    tick_hz: int
    init_ticks: int
    payload: int
    window: int
    model_status: int
    reset: str
    fault: str
    fastest: int
    words: tuple[str, ...] = ()
    models: int = 1

    @property
    def remembers(self) -> bool:
        """Whether the model keeps state from one inference to the next."""
        return Feature.STATE in self.features

    def require_ready(self) -> None:
        """Raise unless model_init succeeded: DoesNotFit for the arena, else DeviceError."""
        if self.model_status == MODEL_OK:
            return
        error = (
            self._arena_too_small() if self.model_status == _MODEL_ARENA else self._not_started()
        )
        if self.words:
            error.why += "; before that it said" + "".join(f"\n  {line}" for line in self.words)
        raise error

    def _not_started(self) -> TinygenError:
        return DeviceError(
            f"{self.model} did not start on {self.board}: {status_text(self.model_status)}",
            why=f"model_init returned {self.model_status}",
            next_step="a board that has the NPU, or tinygen build without --npu"
            if self.model_status == _MODEL_NPU
            else "build and flash again: tinygen build, then tinygen flash",
        )

    def _arena_too_small(self) -> TinygenError:
        if self.arena_used > self.arena_bytes:
            return DoesNotFit(
                f"{self.model} needs an arena of {self.arena_used:,} bytes on {self.board}, "
                f"the firmware has {self.arena_bytes:,} bytes",
                why="model_init said so on the device",
                next_step="build for a board with more RAM, or a smaller model; "
                "a size given with --arena can be left out",
            )
        # An estimate that was too small, or a size that nobody measured.
        more = (self.arena_bytes * 5 // 4 + 15) // 16 * 16
        words = "" if self.words else ", and with --debug: the device then says why"
        return DoesNotFit(
            f"{self.model} does not start in {self.arena_bytes:,} bytes of arena on {self.board}",
            why="model_init said so on the device; how much more it takes it could not tell",
            next_step=f"tinygen build with --arena {more}{words}",
        )


_KNOWN = (
    Feature.LAYERS | Feature.RUN | Feature.RESET | Feature.BAUD | Feature.STATE | Feature.MODELS
)


class _Reader(Reader):
    def edge(self) -> Edge:
        name = self.text()
        if (dtype := frames.TYPES.get(code := self.number("B"))) is None:
            raise ValueError(f"tensor {name} has the unknown type {code}")
        elements, scale, zero_point = self.number("I"), self.float(), self.number("i")
        shape = tuple(self.number("I") for _ in range(self.number("B")))
        if math.prod(shape) != elements:
            raise ValueError(f"tensor {name} has {elements} elements but the shape {shape}")
        edge = Edge(name, shape, dtype, scale, zero_point, labels=(), limit=None)
        if edge.nbytes > _TENSOR_BYTES_MAX:
            raise ValueError(f"tensor {name} has {edge.nbytes} bytes")
        return edge

    def reset(self, features: Feature) -> tuple[str, str]:
        if Feature.RESET not in features:
            return "", ""
        return RESETS.get(self.number("B"), ""), self.text()


def parse_description(data: bytes) -> Hello:
    """Read the description a device handed out; DeviceError where it makes no sense."""
    reader = _Reader(data)
    with told("itself"):
        build_id, sha256 = reader.bytes(frames.BUILD_ID_BYTES).hex(), reader.bytes(32).hex()
        features, status = Feature(reader.number("I")), reader.number("B")
        arena_bytes, arena_used, tick_hz, init_ticks = (reader.number("I") for _ in range(4))
        payload, window = reader.number("H"), reader.number("B")
        if not 32 <= payload <= frames.PAYLOAD_MAX or not window:
            raise ValueError(f"payload {payload} bytes, window {window}")
        inputs, outputs, layers = (reader.number("H") for _ in range(3))
        model, engine, board, compiler = (reader.text() for _ in range(4))
        edges = tuple(tuple(reader.edge() for _ in range(count)) for count in (inputs, outputs))
        reset, fault = reader.reset(features)
        fastest = reader.number("I") if Feature.BAUD in features else 0
        models = reader.number("B") if Feature.MODELS in features else 1
        if not int(features) & ~int(_KNOWN):  # what a feature adds, it adds at the end
            reader.end()
        return Hello(
            protocol=frames.VERSION,
            build_id=build_id,
            model_sha256=sha256,
            model=model,
            engine=engine,
            board=board,
            compiler=compiler,
            features=features,
            layers=layers,
            inputs=edges[0],
            outputs=edges[1],
            arena_bytes=arena_bytes,
            arena_used=arena_used,
            tick_hz=tick_hz,
            init_ticks=init_ticks,
            payload=payload,
            window=window,
            model_status=status,
            reset=reset,
            fault=fault,
            fastest=fastest,
            models=models,
        )
