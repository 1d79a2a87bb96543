"""The vectors of a model: chosen inputs, and what the host computes for them."""

from __future__ import annotations

from collections.abc import Sequence

from tinygen.convert import origin_outputs
from tinygen.ir import Array, DType, Int8Model, input_edges, output_edges
from tinygen.load import Origin
from tinygen.progress import Progress
from tinygen.proof import oracle
from tinygen.proof.doubt import doubts
from tinygen.proof.oracle import HostRun, Refusal
from tinygen.proof.vectors import Samples, Vectors, choose


def expect(
    model: Int8Model,
    float_tflite: bytes | None,
    samples: Sequence[Samples],
    origin: Origin | None = None,
    *,
    seed: int,
    progress: Progress,
) -> Vectors:
    """Inputs of `samples`, special and random ones, with the outputs of the oracle, of LiteRT and,
    where there is one, of the float model: of the one that it was converted from, where it was."""
    edges = input_edges(model.graph)
    chosen = choose(edges, samples, seed, remembers=bool(model.graph.states))
    truth = oracle.expected(model, chosen.quantized, chosen.starts)
    if truth.note:
        progress.warn(f"the oracle is the {truth.name}: {truth.note}")
    second = oracle.second_opinion(model, chosen.quantized, chosen.starts)
    given = [
        codes if edge.dtype is DType.INT32 else value
        for edge, codes, value in zip(edges, chosen.quantized, chosen.real, strict=True)
    ]
    if origin is not None:
        progress.note(f"the float reference is {origin.runtime}")
        real: tuple[Array, ...] | None = origin_outputs(origin, given, model.name)
    elif float_tflite is not None:
        real = oracle.float_outputs(float_tflite, given, chosen.starts)
    else:
        real = None
    vectors = Vectors(
        inputs=chosen.quantized,
        expected=truth.outputs,
        oracle=truth.name,
        origins=chosen.origins,
        labels=chosen.labels,
        litert=second if isinstance(second, HostRun) else None,
        refusals=tuple(str(r) for r in (truth.refusal, second) if isinstance(r, Refusal)),
        real_outputs=real,
        targets=chosen.targets,
        starts=chosen.starts,
    )
    for doubt in doubts(vectors, output_edges(model.graph)):
        progress.warn(doubt)
    return vectors
