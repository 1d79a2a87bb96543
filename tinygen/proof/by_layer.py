"""Where an int8 model loses its accuracy: errors of layers, ranked and told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tinygen.ir import Array, Edge, Graph, Int8Model, TensorId, input_edges, output_edges
from tinygen.passes import simplify
from tinygen.progress import Progress
from tinygen.proof.causes import Reading, causes
from tinygen.proof.fidelity import Fidelity, codes_of, of_output
from tinygen.proof.layer_errors import LayerErrors, of_both, of_int8
from tinygen.proof.layer_fidelity import INPUT, FidelityResult, LayerFidelity, LeftOut
from tinygen.proof.vectors import Samples

SAMPLES = 50
"""At most so many are looked at, spread evenly over those given."""

REFERENCE = "the float model of the same conversion, by LiteRT"
_WITHOUT = (
    "there is no float model of a .tflite that is int8 already: what layers lose against it, and "
    "which lost channels were alive there, cannot be known; give the Keras model for that",
    "seen are the codes: saturated is what lies at an end of them that is not the zero point",
)


def layer_fidelity(
    model: Int8Model,
    float_tflite: bytes | None,
    samples: Sequence[Samples],
    source: str,
    progress: Progress,
) -> FidelityResult:
    """What each layer of `model` loses on samples of real values, of which there is at least one.

    `source` says where they come from.
    """
    graph = simplify(model.written)
    edges = input_edges(graph)
    inputs, picks = chosen(edges, samples)
    if float_tflite is None:
        errors = of_int8(graph, edges, inputs, progress)
    else:
        errors = of_both(graph, edges, float_tflite, inputs, progress)
    return FidelityResult(
        reference="" if float_tflite is None else REFERENCE,
        data=source,
        samples=len(picks),
        samples_given=sum(len(one.inputs[0]) for one in samples),
        outputs=_outputs(graph, errors),
        layers=_layers(graph, errors, [int(pick) for pick in picks]),
        left_out=_left_out(graph, errors),
        notes=_WITHOUT if float_tflite is None else (),
    )


def chosen(edges: Sequence[Edge], samples: Sequence[Samples]) -> tuple[list[Array], Array]:
    """Real values of each edge, (at most SAMPLES, *shape), and which of the samples they are."""
    given = sum(len(one.inputs[0]) for one in samples)
    picks = np.unique(np.linspace(0, given - 1, min(given, SAMPLES)).round().astype(np.int64))
    inputs = [
        np.concatenate([one.inputs[i].reshape(-1, *edge.shape) for one in samples])[picks]
        for i, edge in enumerate(edges)
    ]
    return inputs, picks


def _outputs(graph: Graph, errors: LayerErrors) -> tuple[Fidelity, ...]:
    pairs = zip(output_edges(graph), errors.real, errors.codes, strict=bool(errors.real))
    said = codes_of(graph)
    return tuple(of_output(edge, real, codes, said) for edge, real, codes in pairs)


def _layers(graph: Graph, errors: LayerErrors, picks: Sequence[int]) -> tuple[LayerFidelity, ...]:
    order = sorted(errors.alone, key=lambda tensor: -errors.alone[tensor])
    ranks = {tensor: place for place, tensor in enumerate(order, 1)}
    shown = [i for i, meter in errors.meters.items() if errors.pairs is None or meter.largest]
    return tuple(_layer(graph, errors, tensor, ranks, picks) for tensor in shown)


def _layer(
    graph: Graph,
    errors: LayerErrors,
    tensor_id: TensorId,
    ranks: Mapping[TensorId, int],
    picks: Sequence[int],
) -> LayerFidelity:
    tensor, meter = graph.tensors[tensor_id], errors.meters[tensor_id]
    writer = graph.writer(tensor_id)
    noise, all_noise = errors.alone.get(tensor_id), sum(errors.alone.values())
    alone = None if noise is None else _decibel(noise)
    weights = errors.weights.get(tensor_id)
    compared = errors.pairs is not None
    own = meter.measured if compared else False
    dead, lost = meter.still_channels
    why, remedies = causes(Reading(meter, alone, weights is not None, picks))
    return LayerFidelity(
        operator=INPUT if writer is None else writer.op.kind,
        name=tensor.name,
        shape=tensor.shape,
        rank=ranks.get(tensor_id),
        share=None if noise is None else noise / all_noise if all_noise else 0.0,
        alone_sqnr_db=alone,
        own_sqnr_db=meter.own_sqnr_db if own else None,
        sqnr_db=meter.sqnr_db if compared else None,
        rounding_sqnr_db=meter.rounding_sqnr_db if own else None,
        weights_sqnr_db=weights,
        channel_sqnr_db=meter.channel_sqnr_db if own else None,
        saturated=meter.saturated,
        range_used=meter.range_used,
        channels=meter.channels,
        dead_channels=dead,
        lost_channels=lost,
        widest=meter.widest,
        causes=tuple(one for one in why if one),
        remedies=remedies,
    )


def _decibel(noise: float) -> float:
    return math.inf if not noise else -10 * math.log10(noise)


def _left_out(graph: Graph, errors: LayerErrors) -> tuple[LeftOut, ...]:
    """What was not measured, and why."""
    if errors.pairs is None:
        return ()
    known = errors.pairs.left_out
    return tuple(
        LeftOut(graph.nodes[at].op.kind, graph.tensors[graph.nodes[at].outputs[0]].name, why)
        for at, why in known.items()
    )
