"""Firmware of a Cortex-M4 or a Cortex-M55 was a MISMATCH, or did not compile, though the tests of
every kernel passed.

Pools of `dsp` were wrong in a whole model: two that shared a helper meant different things by it.
And an assembly operand of `mve`, a constant in the one layer of a test, was an argument where
layers of a model share a C function. So kernels of each set are run as functions of which every
constant and every scalar that may be is an argument, and as layers of one network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ops import (
    cores,
    test_dsp_add,
    test_dsp_conv_2d,
    test_dsp_depthwise,
    test_dsp_fully_connected,
    test_dsp_mul,
    test_dsp_pool,
    test_mve_conv_2d,
    test_mve_depthwise_conv_2d,
    test_mve_elementwise,
    test_mve_fully_connected,
    test_mve_reductions,
    test_portable_fast,
)
from tests.ops.cores import KERNELS, Core
from tests.ops.emulated import MAIN, differences
from tests.ops.harness import Case, int8, int32, offered
from tests.ops.network_file import Network
from tinygen import passes, tflite
from tinygen.engines.aot import Layer, compile_graph, render
from tinygen.engines.aot.functions import Function, functions
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import KernelSet, Portable
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.ir import Array, Graph, KernelCall, Shape, Tensor
from tinygen.proof import interpret

Options = Mapping[str, Any]

M0 = Core("qemu-cortex-m3", "-O2", compile_for="qemu-cortex-m0")
M4, M55 = Core("qemu-cortex-m4", "-O2"), Core("qemu-cortex-m55", "-O2")
SETS: dict[str, tuple[KernelSet, Core, tuple[Iterable[Case], ...]]] = {
    "dsp": (
        Dsp(),
        M4,
        (
            *(test_dsp_conv_2d.CASES[name] for name in test_dsp_conv_2d.CASES),
            test_dsp_depthwise.EDGES,
            test_dsp_depthwise.ANY,
            test_dsp_fully_connected.EDGES,
            test_dsp_pool.EDGES,
            test_dsp_pool.MEANS,
            test_dsp_add.edges(),
            test_dsp_mul.edges(),
        ),
    ),
    "mve": (
        Mve(),
        M55,
        (
            test_mve_conv_2d.CHOSEN,
            test_mve_depthwise_conv_2d.CHOSEN,
            test_mve_fully_connected.CHOSEN,
            test_mve_elementwise.lengths(),
            test_mve_elementwise.POOLS,
            test_mve_reductions.MEANS,
            test_mve_reductions.SOFTMAXES,
        ),
    ),
    "portable": (
        Portable(),
        M0,
        tuple(test_portable_fast.CASES[name] for name in test_portable_fast.CASES),
    ),
}
ARGUMENTS = ("-fno-ipa-cp", "-fno-ipa-bit-cp", "-fno-ipa-vrp")
"""Without which the compiler sees what one call passes."""
_CASES = 8
"""Of each list."""


def all_arguments(layers: Sequence[Layer], *, small: bool = False) -> tuple[Function, ...]:
    """As if beside every layer there were others of its function, with other numbers."""
    found = []
    for one in functions(layers, small=small):
        params = one.layers[0].call.params
        outer = one.layers[0].call.outer
        if not any(isinstance(value, tuple) for value in params.values()):
            constants = tuple(one.layers[0].call.constants)
            scalars = tuple(name for name in params if name in outer)
            one = replace(one, constants=constants, scalars=scalars)  # noqa: PLW2901
        found.append(one)
    return tuple(found)


def one_of_each_way(cases: Iterable[Case], kernel_set: KernelSet, core: Core) -> Iterator[Case]:
    """Of all candidates for the cases the first of each kernel, used in each way."""
    seen = set()
    for one in islice(cases, _CASES):
        try:
            candidates = offered([one], kernel_set, core.core)
        except AssertionError:
            continue
        for candidate in candidates:
            calls = (call for call in candidate.lowered if isinstance(call, KernelCall))
            way = (tuple(call.kernel for call in calls), candidate.why)
            if way not in seen:
                seen.add(way)
                yield candidate


@pytest.mark.parametrize("name", SETS)
def test_they_are_right_as_shared_functions(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel_set, core, lists = SETS[name]
    if core.missing_tool() is not None:
        pytest.skip(f"{core.missing_tool()} is not installed")
    cases = [one for some in lists for one in one_of_each_way(some, kernel_set, core)]
    monkeypatch.setattr(render, "functions", all_arguments)
    flags = (*kernel_set.build_flags, *ARGUMENTS)
    assert differences(cases, core, tmp_path, (KERNELS,), flags) == []


class Layers(Network):
    """A network whose weights are drawn, with scales that use the codes."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._rng = np.random.default_rng(seed)

    def weights(
        self, kind: str, source: Tensor, shape: Shape, output: Shape, **options: Any
    ) -> Tensor:
        """An operator with weights of this shape."""
        axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
        channels = shape[axis]
        taps = int(np.prod(shape)) // channels
        scale = source.q.scale
        count = 1 if kind == "FULLY_CONNECTED" else channels
        scales = [float(s) for s in self._rng.uniform(0.005, 0.02, count).astype(np.float32)]
        data = self._rng.integers(-127, 128, shape).astype(np.int8)
        bias = self._rng.integers(-3000, 3000, channels)
        constants = [
            int8(scale=scales, zero_point=0, axis=axis, data=data),
            int32(bias, scale=[float(np.float32(scale * s)) for s in scales]),
        ]
        target = float(np.float32(0.65 * scale * taps**0.5))
        return self.call(kind, [source, *constants], output, (target, -128), **options)


CONV: Options = {
    "strideH": 1,
    "strideW": 1,
    "dilationHFactor": 1,
    "dilationWFactor": 1,
    "padding": 0,
}
NONE: Options = {"fusedActivationFunction": 0}
RELU: Options = {"fusedActivationFunction": 1}
POOL: Options = {
    "padding": 0,
    "strideH": 2,
    "strideW": 2,
    "filterHeight": 2,
    "filterWidth": 2,
}


def network(seed: int) -> Graph:
    """A small MobileNet with squeeze and excitation, and every sort of pool."""
    net = Layers(seed)
    image = net.input((1, 24, 24, 3), (0.02, -1))
    two = {**CONV, "strideH": 2, "strideW": 2, **RELU}
    x = net.weights("CONV_2D", image, (16, 3, 3, 3), (1, 12, 12, 16), **two)
    depth = {**CONV, "depthMultiplier": 1, **RELU}
    x = net.weights("DEPTHWISE_CONV_2D", x, (1, 3, 3, 16), (1, 12, 12, 16), **depth)
    x = net.weights("CONV_2D", x, (24, 1, 1, 16), (1, 12, 12, 24), **CONV, **RELU)
    mean = net.call("MEAN", [x, [1, 2]], (1, 1, 1, 24), (x.q.scale, -128), keepDims=True)
    gate = net.weights("CONV_2D", mean, (8, 1, 1, 24), (1, 1, 1, 8), **CONV, **RELU)
    gate = net.weights("CONV_2D", gate, (24, 1, 1, 8), (1, 1, 1, 24), **CONV)
    gate = net.call("LOGISTIC", [gate], (1, 1, 1, 24), (1 / 256, -128))
    gated = net.call("MUL", [x, gate], (1, 12, 12, 24), (x.q.scale, -128), **NONE)
    y = net.weights("CONV_2D", gated, (24, 1, 1, 24), (1, 12, 12, 24), **CONV, **RELU)
    x = net.call("ADD", [gated, y], (1, 12, 12, 24), (2 * y.q.scale, -128), **NONE)
    x = net.call("MAX_POOL_2D", [x], (1, 6, 6, 24), (x.q.scale, -128), **POOL, **NONE)
    x = net.weights("CONV_2D", x, (16, 3, 3, 24), (1, 6, 6, 16), **CONV, **RELU)
    x = net.weights("DEPTHWISE_CONV_2D", x, (1, 5, 5, 16), (1, 6, 6, 16), **depth)
    wide: Options = {
        **POOL,
        "filterHeight": 3,
        "filterWidth": 3,
        "strideH": 1,
        "strideW": 1,
    }
    x = net.call("AVERAGE_POOL_2D", [x], (1, 6, 6, 16), (x.q.scale, -128), **wide, **NONE)
    x = net.call("RESHAPE", [x, [1, 576]], (1, 576), (x.q.scale, -128), newShape=[1, 576])
    x = net.weights("FULLY_CONNECTED", x, (10, 576), (1, 10))
    x = net.call("SOFTMAX", [x], (1, 10), (1 / 256, -128), beta=1.0)
    return passes.optimize(passes.simplify(tflite.read(net.file(x, gated), "net")))


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("optimization", ["-O2", "-Os"])
def test_they_are_right_in_one_network(name: str, optimization: str, tmp_path: Path) -> None:
    kernel_set, core, _ = SETS[name]
    if core.missing_tool() is not None:
        pytest.skip(f"{core.missing_tool()} is not installed")
    graph = network(5)
    sets = (kernel_set,) if name == "portable" else (kernel_set, Portable())
    program = compile_graph(graph, sets, Goal.SPEED, core.core)
    used = [layer.call.kernel.set for layer in program.layers]
    assert used.count(name) >= 10
    place = replace(core, optimization=optimization)
    offsets = program.plan.offsets
    flags = (f"-DEDGE_OFFSET={offsets[graph.inputs[0]]}",)
    elf = cores.build(program, place, tmp_path, MAIN, flags=flags)
    rng = np.random.default_rng(1)
    shape = graph.tensors[graph.inputs[0]].shape
    images = [np.full(shape, -128), np.full(shape, 127), *rng.integers(-128, 128, (6, *shape))]
    arenas = np.zeros((len(images), program.plan.arena_bytes), np.int8)
    for arena, one in zip(arenas, images, strict=True):
        put(arena, offsets[graph.inputs[0]], one.astype(np.int8))
    (tmp_path / "arena.in").write_bytes(arenas.tobytes())
    cores.run(elf, place, tmp_path)
    got = np.fromfile(tmp_path / "arena.out", np.int8).reshape(arenas.shape)
    for arena, one in zip(got, images, strict=True):
        expected = interpret.run(graph, [one.astype(np.int8)])
        for output in graph.outputs:
            wanted = expected[output].reshape(-1)
            found = arena[offsets[output] : offsets[output] + wanted.size]
            np.testing.assert_array_equal(found, wanted, graph.tensors[output].name)


def put(arena: Array, offset: int, value: Array) -> None:
    arena[offset : offset + value.size] = value.reshape(-1)
