"""Which layer loses the accuracy: what is told of each layer of an int8 model."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.proof.fidelity import Fidelity

INPUT = "INPUT"
"""Stands for the operator of a model's inputs, whose real values are rounded to codes."""


@dataclass(frozen=True)
class Widest:
    """The channel of a tensor that takes the most of its range."""

    channel: int
    times: float
    """How many times the range of the median channel."""


@dataclass(frozen=True)
class LayerFidelity:
    """One tensor that a layer makes, or an input of the model; SQNR in dB, infinite where nothing
    is lost. None is what only a float model tells, and is not known here."""

    operator: str
    name: str
    """As the converter calls it: the Keras layer."""
    shape: tuple[int, ...]
    rank: int | None
    """1 is the layer that costs the outputs most."""
    share: float | None
    """Of the errors of all layers at the outputs, each alone."""
    alone_sqnr_db: float | None
    """At the model's outputs, where this layer alone is quantized."""
    own_sqnr_db: float | None
    """At the layer's output: quantized against float, both fed with the same codes."""
    sqnr_db: float | None
    """At the layer's output as the model runs: with all that was lost before."""
    rounding_sqnr_db: float | None
    """At the layer's output, where nothing but its codes is quantized."""
    weights_sqnr_db: float | None
    """Of the weights; None where there are none."""
    channel_sqnr_db: float | None
    """As `own_sqnr_db`, in the median channel: of a wide channel the others' loss does not show."""
    saturated: float
    """Share of elements beyond what the codes reach; without a float model, of those at an end of
    the codes that is not the zero point."""
    range_used: float
    """Share of the codes between the 0.1st and the 99.9th percentile of the elements: of the float
    model's, where there is one."""
    channels: int
    dead_channels: tuple[int, ...]
    """That were one value for all samples, in float too; without a float model, in int8."""
    lost_channels: tuple[int, ...]
    """That were one code for all samples, but not one value in float."""
    widest: Widest | None
    """Where one channel is much wider than the others."""
    causes: tuple[str, ...]
    """What is seen to be in the way, in words."""
    remedies: tuple[str, ...]
    """What to do about it."""


@dataclass(frozen=True)
class LeftOut:
    """A layer whose counterpart in the float model is not certain."""

    operator: str
    name: str
    why: str


@dataclass(frozen=True)
class FidelityResult:
    """What quantizing loses, layer by layer, in the order of the model."""

    reference: str
    """What is compared with; empty where there is no float model."""
    data: str
    samples: int
    samples_given: int
    outputs: tuple[Fidelity, ...]
    layers: tuple[LayerFidelity, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    """What cannot be known here."""

    @property
    def ranked(self) -> tuple[str, ...]:
        """The names of the layers, the one that costs most first."""
        known = [layer for layer in self.layers if layer.rank is not None]
        return tuple(one.name for one in sorted(known, key=lambda one: one.rank or 0))

    @property
    def worst(self) -> LayerFidelity | None:
        """The layer that costs the outputs most; None where no float model says so."""
        return next((layer for layer in self.layers if layer.rank == 1), None)
