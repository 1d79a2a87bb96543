"""Runs operators' kernels against their numpy references: on the host and on emulated cores.

    cases = [case(Relu(), [int8((1, 4), scale=0.1)], [int8(..., scale=0.1, zero_point=-128)])]
    check(cases, tmp_path)

`check` infers the output shapes, lowers each case, holds every kernel call's parameters against
the fields of its C struct, compiles all cases into one C program for the host (warnings are errors,
AddressSanitizer, UBSan), runs it on exact-size heap buffers, and compares every output byte with
`Op.reference`. Calls that may work in place are run a second time on one shared buffer. Then the
same on every core of `CORES`, compiled as the product compiles them (see `emulated`).

    check(cases, tmp_path, kernel_set=Fast())

does the same with every candidate that a kernel set has for the cases, where it runs: a set that
requires something of a core is not run on the host.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import reached
from tests.ops.c_program import program
from tests.ops.c_struct import check_fields
from tests.ops.cores import KERNELS, Core
from tests.ops.emulated import differences
from tinygen import boards, csource
from tinygen.analysis import facts
from tinygen.devices import user_mode
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.offers import Candidate, Cost, KernelSet, Site
from tinygen.engines.aot.select import select
from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    ABSENT,
    Array,
    DType,
    Graph,
    KernelCall,
    Lowered,
    Node,
    Op,
    Operands,
    Quant,
    Shape,
    Tensor,
)

FLAGS = (
    *("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-O1"),
    "-Wno-pointer-sign",  # generated code passes tensors of any type as void
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)
CORES = (Core("qemu-cortex-m4", "-O2"), Core("qemu-cortex-m4", "-Os"))
MORE_CORES = (
    Core("qemu-cortex-m3", "-O2", compile_for="qemu-cortex-m0"),
    Core("qemu-cortex-m3", "-O2"),
    Core("qemu-cortex-m7", "-O2"),
    Core("qemu-cortex-m33", "-O2"),
    Core("qemu-cortex-m55", "-O2"),
)
"""Each batch of cases runs on one of them too."""
VECTOR_CORES = (Core("qemu-cortex-m55", "-O2"), Core("qemu-cortex-m55", "-Os"))
PIE_CORES = tuple(
    Core(str(Path(__file__).with_name("qemu-esp32s3.toml")), how) for how in ("-O2", "-Os")
)
"""No distribution has a compiler or an emulator of these; they run where somebody has put both on
PATH."""
LINUX_CORES = (
    *(Core(board, how) for board in ("qemu-aarch64", "qemu-armhf") for how in ("-O3", "-Os")),
    Core(str(Path(__file__).with_name("qemu-cortex-a76.toml")), "-O3"),
)
"""The last one has dot products."""
OTHER_CORES = (*VECTOR_CORES, *PIE_CORES, *LINUX_CORES)
"""For kernel sets that run on none of `CORES`."""
_RUN_SECONDS = 120


@dataclass(frozen=True, eq=False)
class Case:
    """One operator applied to tensors, with the arrays its inputs take, vector by vector."""

    name: str
    op: Op
    io: Operands
    vectors: tuple[tuple[Array | None, ...], ...]
    """Per vector: an array per input; a constant's own data, None where it is absent."""
    options: Mapping[str, Any] | None = None
    """Fields of the operator's options table in a .tflite file (see `tflite_file`)."""
    calls: Lowered | None = None
    """The kernel calls, where they are not the operator's own portable ones."""
    cost: Cost | None = None
    """What the set says that these calls take."""
    why: str = ""
    """Which of its ways they are, in the set's words."""

    @property
    def lowered(self) -> Lowered:
        return self.op.lower(self.io) if self.calls is None else self.calls

    @cached_property
    def expected(self) -> tuple[tuple[Array, ...], ...]:
        """The reference's outputs, vector by vector."""
        return tuple(self.op.reference(self.io, vector) for vector in self.vectors)


def tensor(
    shape: Shape = (),
    dtype: DType = DType.INT8,
    *,
    scale: float | Sequence[float] | None = None,
    zero_point: int | Sequence[int] = 0,
    axis: int = 0,
    data: Array | None = None,
    name: str = "",
) -> Tensor:
    """A tensor without an id (`case` numbers them). A constant takes its shape from `data`.

    Scales are rounded to float32, as a file holds them.
    """
    quant = None
    if scale is not None:
        scales = (scale,) if isinstance(scale, int | float) else tuple(scale)
        zeros = (zero_point,) * len(scales) if isinstance(zero_point, int) else tuple(zero_point)
        quant = Quant(tuple(float(np.float32(s)) for s in scales), zeros, axis)
    if data is not None:
        data = np.ascontiguousarray(data, dtype=dtype.numpy)
        shape = data.shape
    return Tensor(ABSENT, name, shape, dtype, quant, data)


def int8(
    shape: Shape = (),
    scale: float | Sequence[float] = 1.0,
    zero_point: int | Sequence[int] = 0,
    *,
    axis: int = 0,
    data: Array | None = None,
) -> Tensor:
    """A quantized int8 tensor, constant if `data` is given."""
    return tensor(shape, DType.INT8, scale=scale, zero_point=zero_point, axis=axis, data=data)


def int32(data: Array, *, scale: float | Sequence[float] | None = None) -> Tensor:
    """A constant int32 tensor: a bias, axes, a shape."""
    return tensor(dtype=DType.INT32, scale=scale, data=data)


def random_array(shape: Shape, dtype: DType, rng: np.random.Generator) -> Array:
    """Integers over their whole range; floats of a few units with both signs."""
    if dtype is DType.FLOAT32:
        return rng.normal(0.0, 3.0, shape).astype(np.float32)
    if dtype is DType.BOOL:
        return rng.integers(dtype.low, dtype.high, shape, endpoint=True).astype(np.bool_)
    return rng.integers(dtype.low, dtype.high, shape, dtype=dtype.numpy, endpoint=True)


def _edge_arrays(shape: Shape, dtype: DType) -> list[Array]:
    if dtype not in (DType.INT8, DType.UINT8, DType.INT16):
        return []
    return [np.full(shape, value, dtype.numpy) for value in (dtype.low, dtype.high)]


def case(
    op: Op,
    inputs: Sequence[Tensor | None],
    outputs: Sequence[Tensor],
    *,
    name: str = "",
    values: Sequence[Sequence[Array]] | None = None,
    options: Mapping[str, Any] | None = None,
    random_vectors: int = 2,
    seed: int = 0,
) -> Case:
    """A case: tensors get ids 0, 1, ... (inputs, then outputs), outputs the inferred shapes; their
    own count only where a shape hangs on values that are not known.

    `values` gives, per vector, an array for each input that is neither constant nor absent.
    Without it the vectors are all-lowest, all-highest and `random_vectors` random ones.
    """
    numbered = tuple(
        None if t is None else replace(t, id=i, name=t.name or f"in{i}")
        for i, t in enumerate(inputs)
    )
    shapes = op.infer(Operands(numbered, tuple(outputs), op.kind))
    assert len(shapes) == len(outputs), f"{op.kind}: {len(shapes)} outputs inferred"
    results = tuple(
        replace(t, id=len(inputs) + i, name=t.name or f"out{i}", shape=shape)
        for i, (t, shape) in enumerate(zip(outputs, shapes, strict=True))
    )
    live = [t for t in numbered if t is not None and not t.constant]
    if values is None:
        rng = np.random.default_rng(seed)
        edges = [_edge_arrays(t.shape, t.dtype) for t in live]
        values = [list(arrays) for arrays in zip(*edges, strict=True)] if all(edges) else []
        values += [
            [random_array(t.shape, t.dtype, rng) for t in live] for _ in range(random_vectors)
        ]
    vectors = []
    for given in values:
        arrays = iter(given)
        vector = tuple(
            None if t is None else t.data if t.constant else next(arrays) for t in numbered
        )
        for t, array in zip(numbered, vector, strict=True):
            if t is not None and array is not None:
                assert (array.shape, array.dtype) == (t.shape, t.dtype.numpy), f"{name}: {t.name}"
        vectors.append(vector)
    return Case(name or op.kind, op, Operands(numbered, results, op.kind), tuple(vectors), options)


def check(
    cases: Sequence[Case],
    folder: Path,
    kernels: Path = KERNELS,
    kernel_set: KernelSet | None = None,
) -> None:
    """Every case's kernels equal its reference, in every byte, without a sanitizer's word.

    Skips where a compiler or an emulator is missing, after what can be run has been run.
    """
    more = MORE_CORES[zlib.crc32(cases[0].name.encode()) % len(MORE_CORES)]
    cores = tuple(dict.fromkeys((*CORES, more)))
    if kernel_set is None:
        check_on_host(cases, folder, kernels)
        for core in cores:
            check_on_core(cases, core, folder, kernels)
        return
    runs = tuple(core for core in cores if core.runs(kernel_set.requires))
    if not set(CORES) <= set(runs):
        runs = tuple(core for core in OTHER_CORES if core.runs(kernel_set.requires))
    cores = runs
    there = {core.core: offered(cases, kernel_set, core.core) for core in cores}
    if not kernel_set.requires:
        for name, found in there.items():
            (folder / name).mkdir()
            check_on_host(found, folder / name, kernels)
    for core in cores:
        for one in there[core.core]:
            _check_fields(one, kernels)
        check_on_core(there[core.core], core, folder, kernels, kernel_set.build_flags)


def offered(
    cases: Sequence[Case], kernel_set: KernelSet, core: boards.Core = boards.Core.CORTEX_M4
) -> list[Case]:
    """Each case once for every candidate that the set has for the core; one there has to be."""
    found: list[Case] = []
    for one in cases:
        tensors = {t.id: t for t in (*one.io.inputs, *one.io.outputs) if t is not None}
        inputs = tuple(ABSENT if t is None else t.id for t in one.io.inputs)
        outputs = tuple(t.id for t in one.io.outputs)
        node = Node(one.op, inputs, outputs)
        live = tuple(i for i in dict.fromkeys(inputs) if i != ABSENT and not tensors[i].constant)
        graph = Graph("case", tensors, (node,), live, outputs)
        try:
            site = Site(graph, node, facts(graph), core, kernel_set.requires)
            (choice,) = select([site], [kernel_set], Goal.SPEED)
        except UnsupportedModel:
            continue
        answers = (choice.taken, *(offer.answer for offer in choice.others))
        for number, answer in enumerate(a for a in answers if isinstance(a, Candidate)):
            name = f"{one.name}, {kernel_set.name} {number}"
            said = replace(one, name=name, cost=answer.cost, why=answer.why)
            found.append(replace(said, calls=answer.calls))
    assert found, f"{kernel_set.name} has a kernel for none of the cases"
    return found


def check_on_core(
    cases: Sequence[Case],
    core: Core,
    folder: Path,
    kernels: Path = KERNELS,
    build_flags: Sequence[str] = (),
) -> None:
    """Every case's kernels, in one model for this core, equal its reference in every byte."""
    missing = core.missing_tool()
    if missing is not None:
        pytest.skip(f"run on the host only: {missing} is not installed")
    place = folder / core.name.replace(" ", "_")
    found = differences(cases, core, place, (kernels, KERNELS), build_flags)
    for one in cases:
        reached.note(one.lowered)
    if found:
        pytest.fail(f"on {core.name}:\n" + "\n".join(found[:20]))


def check_on_host(
    cases: Sequence[Case], folder: Path, kernels: Path = KERNELS, board_id: str = ""
) -> None:
    """Every case's kernels, on a buffer for each tensor, equal its reference in every byte: on this
    machine under sanitizers, or as a program of a board with Linux that is emulated."""
    for one in cases:
        _check_fields(one, kernels)
        _check_reference(one)
    source = folder / "cases.c"
    binary = folder / "cases"
    text, runs = program(cases)
    source.write_text(text, encoding="utf-8")
    if board_id:
        board = boards.get_board(board_id)
        assert board.toolchain is not None
        assert isinstance(board.device, boards.Linux)
        gcc = f"{board.toolchain.prefix}-gcc"
        flags = (*FLAGS[: FLAGS.index("-O1")], *FLAGS[FLAGS.index("-O1") + 1 :])
        flags = tuple(flag for flag in flags if "sanitize" not in flag)
        own = (*board.toolchain.core_flags, "-static", "-O2", *board.platformio.build_flags)
        _compile(source, binary, kernels, (gcc, *flags, *own))
        start = user_mode.command(board.device)
    else:
        compiler = os.environ.get("TINYGEN_HOST_CC", "gcc")
        _compile(source, binary, kernels, (compiler, *FLAGS))
        start = ()
    stdin = b"".join(np.ascontiguousarray(array).tobytes() for run in runs for array in run.inputs)
    try:
        done = subprocess.run(
            [*start, binary], input=stdin, capture_output=True, check=False, timeout=_RUN_SECONDS
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"the kernels did not finish in {_RUN_SECONDS} s")
    if done.returncode != 0:
        where = done.stderr.decode(errors="replace")
        pytest.fail(f"the kernels ended with {done.returncode}\n{where[-6000:]}")
    left = memoryview(done.stdout)
    for run in runs:
        for what, want in run.outputs:
            got = np.frombuffer(left[: want.nbytes], want.dtype).reshape(want.shape)
            left = left[want.nbytes :]
            _compare(f"{run.name}, {what}", got, want)
    assert not left, "the program wrote more than expected"


def _check_fields(one: Case, kernels: Path) -> None:
    for call in one.lowered:
        if isinstance(call, KernelCall):
            folder = (
                kernels if (kernels / csource.kernel_header(call.kernel)).is_file() else KERNELS
            )
            check_fields(call, folder)


def _check_reference(one: Case) -> None:
    for outputs in one.expected:
        for t, array in zip(one.io.outputs, outputs, strict=True):
            assert array.shape == t.shape, f"{one.name}: reference shape of {t.name}"
            assert array.dtype == t.dtype.numpy, f"{one.name}: reference dtype of {t.name}"


def _compile(source: Path, binary: Path, kernels: Path, gcc: Sequence[str]) -> None:
    if shutil.which(gcc[0]) is None:
        pytest.skip(f"no C compiler ({gcc[0]}) to run the kernels with")
    command = [*gcc, f"-I{kernels}", f"-I{KERNELS}"]
    done = subprocess.run(
        [*command, source, "-o", binary, "-lm"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.fail(f"the kernels do not compile\n{done.stderr[:6000]}")


def _compare(where: str, got: Array, want: Array) -> None:
    unsigned = f"u{want.dtype.itemsize}"
    different = got.view(unsigned) != np.ascontiguousarray(want).view(unsigned)
    if different.any():
        first = tuple(int(i) for i in np.argwhere(different)[0])
        pytest.fail(
            f"{where}: {int(different.sum())} of {want.size} elements differ, "
            f"first at {first}: C {got[first]}, reference {want[first]}"
        )
