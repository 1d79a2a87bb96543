"""Runs an int8 model and the float model that it was made of side by side, layer by layer.

Three questions to each layer, of which the last shows the guilty one:

    what has been lost by here        both models run, tensors compared
    what does it lose itself          it alone in int8 and in float, fed with the same codes
    what does that do to the outputs  the float model, with the layer's own error added in its place

The errors of single layers at the outputs are added up as if they were independent, as rounding
nearly is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen import tflite
from tinygen.ir import ABSENT, Array, DType, Edge, Graph, Node, TensorId
from tinygen.progress import Progress
from tinygen.proof import interpret, oracle
from tinygen.proof.counterparts import Counterparts, counterparts, float_data, weights_of
from tinygen.proof.metrics import decibel
from tinygen.proof.tensor_meter import TensorMeter, can_be_measured
from tinygen.tflite import File

_CHUNK_BYTES = 32 << 20
"""Of float tensors that are held at once."""


@dataclass(frozen=True, eq=False)
class LayerErrors:
    """What the meters of the tensors saw, and what each tensor's own error does to the outputs."""

    meters: Mapping[TensorId, TensorMeter]
    alone: Mapping[TensorId, float]
    """The noise at the outputs over their signal, where that tensor alone is int8."""
    pairs: Counterparts | None
    weights: Mapping[TensorId, float]
    """By the tensors that are made with them, in dB."""
    codes: tuple[Array, ...]
    """The int8 outputs, (samples, *shape)."""
    real: tuple[Array, ...]
    """The float outputs; empty without a float model."""


def of_int8(
    graph: Graph, edges: Sequence[Edge], inputs: Sequence[Array], progress: Progress
) -> LayerErrors:
    """What an int8 model alone tells; `inputs` are real values, (samples, *shape)."""
    meters = _meters(graph)
    outputs = []
    for index in range(len(inputs[0])):
        values = _int8_run(graph, edges, inputs, index)
        for tensor, meter in meters.items():
            meter.run(values[tensor])
        outputs.append([values[i] for i in graph.outputs])
        progress.count(index + 1, len(inputs[0]))
    return LayerErrors(meters, {}, None, {}, _columns(outputs), ())


def of_both(
    graph: Graph,
    edges: Sequence[Edge],
    content: bytes,
    inputs: Sequence[Array],
    progress: Progress,
) -> LayerErrors:
    """The int8 `graph` against the float file `content`, on real `inputs`, (samples, *shape)."""
    file = tflite.parse(content, "the float model")
    both = _Both(graph, edges, file, content)
    count, codes, real = len(inputs[0]), [], []
    step = max(1, _CHUNK_BYTES // max(1, both.bytes))
    for start in range(0, count, step):
        part = [value[start : start + step] for value in inputs]
        for int8, floats in both.take(part):
            codes.append(int8)
            real.append(floats)
            progress.count(len(codes), count)
    return LayerErrors(
        both.meters,
        {tensor: both.noise_over_signal(tensor) for tensor in both.nudged},
        both.pairs,
        dict(_weights(graph, file, both.pairs)),
        _columns(codes),
        _columns(real),
    )


def _meters(graph: Graph) -> dict[TensorId, TensorMeter]:
    """For the inputs, and what nodes make, in order."""
    made = (*graph.inputs, *(i for node in graph.nodes for i in node.outputs))
    return {i: TensorMeter(graph.tensors[i]) for i in made if can_be_measured(graph.tensors[i])}


def _int8_run(
    graph: Graph, edges: Sequence[Edge], inputs: Sequence[Array], index: int
) -> dict[TensorId, Array]:
    sample = [
        edge.quantize(value[index]).reshape(edge.shape)
        for edge, value in zip(edges, inputs, strict=True)
    ]
    return interpret.run(graph, sample)


class _Both:
    """Both models, prepared to be looked into."""

    def __init__(self, graph: Graph, edges: Sequence[Edge], file: File, content: bytes) -> None:
        from tinygen.tflite import probes

        self._graph, self._edges, self._file = graph, edges, file
        self.pairs = counterparts(graph, file)
        self.meters = _meters(graph)
        self._known = {i: t.data for i, t in graph.tensors.items() if t.data is not None}
        self._known.update({state.read: state.initial for state in graph.states})
        floats = self.pairs.tensors
        paired = [graph.nodes[position] for position in self.pairs.nodes]
        self._nodes = [node for node in paired if self._is_fed(node)]
        made = [i for node in self._nodes for i in node.outputs if i in floats]
        self._alone = [floats[i] for i in made]
        self._made = [floats[i] for node in paired for i in node.outputs if i in floats]
        read = (i for node in self._nodes for i in node.inputs if i in floats)
        self._fed = list(dict.fromkeys(floats[i] for i in read))
        mine = (*graph.inputs, *made)
        self.nudged = [i for i in mine if i in self.meters]
        self._watched = probes.watched(content, self._made)
        self._apart = probes.apart(content, self._fed, self._alone)
        self._nudges = probes.nudged(content, [floats[i] for i in self.nudged])
        self._noise = dict.fromkeys(self.nudged, 0.0)
        self._error = {i: [0.0] * len(file.outputs) for i in self.nudged}
        self._signal = [0.0] * len(file.outputs)

    def _is_fed(self, node: Node) -> bool:
        """Whether all that it reads has a counterpart, but for what both remember by themselves."""
        present = (self._graph.tensors[i] for i in node.inputs if i not in (ABSENT, *_own(node)))
        return all(tensor.constant or tensor.id in self.pairs.tensors for tensor in present)

    @property
    def bytes(self) -> int:
        """Of the float tensors of one sample, as they are sent around."""
        shapes = (self._file.tensors[i].shape for i in (*self._made, *self._fed))
        return 4 * sum(int(np.prod(shape)) for shape in shapes)

    def noise_over_signal(self, tensor: TensorId) -> float:
        """At the outputs, of which each counts the same."""
        ratios = [
            noise / signal
            for noise, signal in zip(self._error[tensor], self._signal, strict=True)
            if signal
        ]
        return sum(ratios) / len(ratios) if ratios else 0.0

    def take(self, inputs: Sequence[Array]) -> Iterator[tuple[list[Array], list[Array]]]:
        """Look at these samples; the outputs of each, int8 and float."""
        given = [self._given(edge, value) for edge, value in zip(self._edges, inputs, strict=True)]
        starts = np.full(len(given[0]), bool(self._graph.states))  # each sample after a reset
        made = oracle.float_outputs(self._watched, given, starts)
        real = dict(zip(self._made, made, strict=True)) | dict(
            zip(self._file.inputs, given, strict=True)
        )
        fed = [self._rounded(tensor, real[tensor]) for tensor in self._fed]
        made = oracle.float_outputs(self._apart, fed, starts)
        alone = dict(zip(self._alone, made, strict=True))
        given_codes = real | dict(zip(self._fed, fed, strict=True))
        errors = {i: np.zeros_like(real[self.pairs.tensors[i]]) for i in self.nudged}
        codes = []
        for index in range(len(inputs[0])):
            values = _int8_run(self._graph, self._edges, inputs, index)
            codes.append([values[i] for i in self._graph.outputs])
            for tensor, meter in self.meters.items():
                if (its := self._at(real, tensor, index)) is not None:
                    meter.compare(values[tensor], its)
            for tensor in self._graph.inputs:
                self._judge(tensor, None, self._at(real, tensor, index), errors, index)
            for node in self._nodes:
                results = self._computed(node, given_codes, index)
                for tensor, result in zip(node.outputs, results, strict=True):
                    self._judge(tensor, result, self._at(alone, tensor, index), errors, index)
        outputs = oracle.nudged_outputs(
            self._nudges, given, [errors[i] for i in self.nudged], starts
        )
        for place, output in enumerate(outputs):
            self._add(place, output.astype(np.float64))
        for index, int8 in enumerate(codes):
            yield int8, [output[index][0] for output in outputs]

    def _add(self, place: int, output: Array) -> None:
        """Of one output, (samples, 1 + nudged, *shape)."""
        base = output[:, 0]
        self._signal[place] += float(np.sum(np.square(base)))
        for row, tensor in enumerate(self.nudged, 1):
            self._error[tensor][place] += float(np.sum(np.square(output[:, row] - base)))

    def _judge(
        self,
        tensor: TensorId,
        codes: Array | None,
        reference: Array | None,
        errors: Mapping[TensorId, Array],
        index: int,
    ) -> None:
        """What the layer loses itself; an input's codes are its values rounded."""
        meter = self.meters.get(tensor)
        if meter is None or reference is None:
            return
        actual = meter.real(meter.quantized(reference) if codes is None else codes)
        meter.alone(reference, actual)
        errors[tensor][index] = actual - reference

    def _computed(self, node: Node, real: Mapping[TensorId, Array], index: int) -> list[Array]:
        """The node's outputs in int8, fed with the float model's values as codes."""
        operands: list[Array | None] = []
        for tensor in node.inputs:
            if tensor == ABSENT:
                operands.append(None)
            elif (data := self._known.get(tensor)) is not None:
                operands.append(data)
            else:
                operands.append(self._codes(tensor, self._at(real, tensor, index)))
        return list(node.op.reference(self._graph.operands(node), operands))

    def _codes(self, tensor: TensorId, real: Array | None) -> Array:
        assert real is not None  # a node with a counterpart reads such tensors
        meter, found = self.meters.get(tensor), self._graph.tensors[tensor]
        codes = real.astype(found.dtype.numpy) if meter is None else meter.quantized(real)
        return codes.reshape(found.shape)

    def _rounded(self, tensor: TensorId, real: Array) -> Array:
        """What a float tensor's codes stand for: the coarsest, where it has several forms."""
        mine = [i for i, its in self.pairs.tensors.items() if its == tensor and i in self.meters]
        if not mine:
            return real
        meter = self.meters[max(mine, key=lambda i: self._graph.tensors[i].q.scale)]
        return meter.real(meter.quantized(real))

    def _at(self, real: Mapping[TensorId, Array], tensor: TensorId, index: int) -> Array | None:
        """Of the int8 tensor's counterpart one sample; None where there is none."""
        its = self.pairs.tensors.get(tensor)
        found = None if its is None else real.get(its)
        return None if found is None else found[index].reshape(self._graph.tensors[tensor].shape)

    @staticmethod
    def _given(edge: Edge, value: Array) -> Array:
        """As the float model takes an input: numbers that pick stay such."""
        shaped = value.reshape(len(value), *edge.shape)
        return shaped.astype(np.int32 if edge.dtype is DType.INT32 else np.float32)


def _own(node: Node) -> tuple[TensorId, ...]:
    """What the node reads of its own memory."""
    return tuple(node.inputs[i] for i in node.op.memory if i < len(node.inputs))


def _weights(graph: Graph, file: File, pairs: Counterparts) -> Iterator[tuple[TensorId, float]]:
    """SQNR of the first weights of a node that both models have."""
    writers = {i: call for call in file.calls for i in call.outputs}
    for position in pairs.nodes:
        node = graph.nodes[position]
        call = writers[pairs.tensors[node.outputs[0]]]
        for mine, its in zip(node.inputs, call.inputs, strict=False):
            if ABSENT in (mine, its):
                continue
            rounded, exact = weights_of(graph.tensors[mine]), float_data(file, its)
            if rounded is None or exact is None or rounded.shape != exact.shape:
                continue
            noise = float(np.sum(np.square(rounded - exact)))
            yield node.outputs[0], decibel(float(np.sum(np.square(exact))), noise)
            break


def _columns(rows: Sequence[Sequence[Array]]) -> tuple[Array, ...]:
    return tuple(np.stack(column) for column in zip(*rows, strict=True))
