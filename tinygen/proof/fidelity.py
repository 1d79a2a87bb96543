"""How far the quantized model is from the float model that it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygen.ir import Array, DType, Edge, Graph
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import RealDistance, real_distance


@dataclass(frozen=True)
class Fidelity:
    """How far one quantized output is from the float model, on the user's data."""

    output: str
    samples: int
    distance: RealDistance
    codes: str = "int8"
    """What the model computes with: int8, int16, or both."""

    @property
    def text(self) -> str:
        """In one line."""
        same = self.distance.argmax_agreement
        agree = "" if same is None else f", same argmax in {100 * same:.1f} %"
        return (
            f"{self.codes} against float on {self.samples} samples, output {self.output}: "
            f"SQNR {self.distance.sqnr_db:.1f} dB{agree}"
        )


def codes_of(graph: Graph) -> str:
    """What the model computes with: its layers' types, but for those that change one."""
    made = {graph.tensors[n.outputs[0]].dtype for n in graph.nodes if n.op.kind not in _CHANGES}
    known = [dtype.value for dtype in (DType.INT8, DType.INT16) if dtype in made]
    return " and ".join(known) or DType.INT8.value


_CHANGES = ("QUANTIZE", "DEQUANTIZE")


def of_output(output: Edge, real: Array, expected: Array, codes: str) -> Fidelity:
    """Of the float model's values and the quantized one's: (samples, *shape) each."""
    distance = real_distance(output, real, expected)
    return Fidelity(output.name, len(real), distance, codes)


def fidelity(outputs: Sequence[Edge], checks: Vectors, codes: str) -> tuple[Fidelity, ...]:
    """One per output: codes, as the oracle computes them, against the float model on real samples.

    Empty where there is no float model or no such data.
    """
    if checks.real_outputs is None:
        return ()
    picks = checks.from_data(len(checks))
    if not picks.any():
        return ()
    return tuple(
        of_output(t, real[picks], expected[picks], codes)
        for t, real, expected in zip(outputs, checks.real_outputs, checks.expected, strict=True)
    )
