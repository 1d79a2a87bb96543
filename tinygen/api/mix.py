"""Mixed precision of a model that is being prepared, beside all int8 and all int16."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygen import passes, tflite
from tinygen.boards import Board
from tinygen.data import Dataset
from tinygen.engines.aot import Price, price
from tinygen.ir import Int8Model
from tinygen.load import FloatModel
from tinygen.options import ModelOptions
from tinygen.proof.mixed import Mixed, reach
from tinygen.proof.vectors import Samples


@dataclass(frozen=True)
class Mix:
    """What was chosen, and the files on both sides of it; no int16 where int8 sufficed."""

    told: Mixed
    int8: bytes
    int16: bytes | None


@dataclass(frozen=True)
class Variant:
    """The model with such activations: SQNR in dB, and what the engine aot would take for it."""

    activations: str
    sqnr_db: float
    price: Price | None
    """Estimated; None on a board without the engine aot."""


@dataclass(frozen=True)
class MixResult:
    """Which layers are int16, and what that gives and takes."""

    chosen: Mixed
    variants: tuple[Variant, ...]


def mixed(
    loaded: FloatModel,
    data: Dataset,
    options: ModelOptions,
    model: Int8Model,
    float_tflite: bytes,
    samples: Sequence[Samples],
) -> tuple[bytes, Mix]:
    """The file that reaches `options.sqnr` on the first of `samples`, of the int8 `model`.

    InputError where none does.
    """
    from tinygen.quantize.keras import quantize

    progress = options.progress

    def wide() -> bytes:
        progress.stage(f"Quantizing to int16 with {len(data.inputs[0])} samples")
        keep = options.keep_edges
        made = quantize(loaded, data, float_edges=keep, activations="int16", whole=False)
        progress.stage(f"Finding the layers that need int16 for {options.sqnr:g} dB")
        return made.tflite

    assert options.sqnr is not None
    progress.stage("Looking at what each layer loses")
    found = reach(options.sqnr, model, wide, float_tflite, samples[:1], progress)
    progress.note(found.told.text)
    return found.content, Mix(found.told, model.content, found.int16)


def mix_result(mix: Mix, model: Int8Model, board: Board, optimize: str) -> MixResult:
    """What is told of the mixed `model`, and of the two that it is between, on the board."""
    told = mix.told
    sides = [("int8", told.int8_db, _read(mix.int8, model))]
    if mix.int16 is not None and told.int16_db is not None:
        sides.append(("mixed", told.mixed_db, model))
        sides.append(("int16", told.int16_db, _read(mix.int16, model)))
    compiled = "aot" in board.engines.available
    return MixResult(
        told,
        tuple(
            Variant(name, sqnr_db, price(one, board, optimize) if compiled else None)
            for name, sqnr_db, one in sides
        ),
    )


def _read(content: bytes, beside: Int8Model) -> Int8Model:
    written = tflite.read(content, beside.name)
    return Int8Model(content, written, passes.simplify(written, keep_edges=beside.edges_kept))
