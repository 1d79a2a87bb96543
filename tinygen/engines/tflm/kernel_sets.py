"""The kernel sets: upstream's own kernels, or ones that call a vendor's library of functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from tinygen.boards import Board, Extension, TflmFrom
from tinygen.engines.tflm.source import CMSIS_NN, CORE_PINS, ESP_NN, ESP_TFLITE_MICRO, Pin
from tinygen.errors import InputError
from tinygen.ir import DType, Graph, Op, Operands


class KernelSet(Enum):
    """Which implementation of an operator is taken where there are several."""

    REFERENCE = "reference"
    CMSIS_NN = "cmsis_nn"
    ESP_NN = "esp_nn"
    """ESP-NN's C, which runs on any 32-bit core."""
    ESP_NN_S3 = "esp_nn_s3"
    """ESP-NN with the ESP32-S3's vector instructions."""


@dataclass(frozen=True)
class Vendor:
    """A vendor's library of functions in C and assembly, as kernels of TFLM call it.

    `kernels` is the folder of those kernels among upstream's, `prefix` begins the name of each
    function, `sources` is where these are defined and `includes` where headers are found, both in
    the project's library. The whole project is built with `defines`. `names` is the header that
    maps a function's general name to the chip's, where there is one. `stand_ins` are what the
    vendor's framework brings; on bare metal our own take its place. `requires` is what the
    functions take for granted of a core.
    """

    kernels: str
    prefix: str
    sources: str
    includes: tuple[str, ...]
    defines: tuple[str, ...]
    pins: tuple[Pin, ...]
    names: str = ""
    stand_ins: tuple[str, ...] = ()
    requires: frozenset[Extension] = frozenset()


_ESP_NN = "third_party/esp_nn"


def _esp_nn(names: str, *defines: str, requires: frozenset[Extension] = frozenset()) -> Vendor:
    return Vendor(
        kernels="esp_nn",
        prefix="esp_nn_",
        sources=f"{_ESP_NN}/src",
        includes=(_ESP_NN, f"{_ESP_NN}/include", f"{_ESP_NN}/src/common"),
        defines=("ESP_NN=1", "CONFIG_NN_OPTIMIZED=1", *defines),
        pins=(ESP_NN, ESP_TFLITE_MICRO),
        names=f"{_ESP_NN}/include/{names}",
        stand_ins=("esp_timer.h", "tg_esp_bare.c"),
        requires=requires,
    )


VENDORS: Mapping[KernelSet, Vendor] = {
    KernelSet.CMSIS_NN: Vendor(
        kernels="cmsis_nn",
        prefix="arm_",
        sources="third_party/cmsis_nn/Source",
        includes=("third_party/cmsis_nn", "third_party/cmsis_nn/Include"),
        # What upstream's own build sets: sums over weights are made once, at the start.
        defines=(
            "CMSIS_NN",
            "KERNELS_OPTIMIZED_FOR_SPEED",
            "ARM_NN_ENABLE_F16=0",
            "ARM_NN_ENABLE_F32=0",
        ),
        pins=(CMSIS_NN,),
    ),
    KernelSet.ESP_NN: _esp_nn("esp_nn_generic_opt.h"),
    KernelSet.ESP_NN_S3: _esp_nn(
        "esp_nn_esp32s3.h", "ARCH_ESP32_S3=1", requires=frozenset({Extension.PIE})
    ),
}


def refused(graph: Graph) -> frozenset[str]:
    """The operators of a model that kernels which call a vendor's library cannot do, where the
    reference can."""
    return frozenset(
        node.op.kind for node in graph.nodes if is_refused(node.op, graph.operands(node))
    )


def is_refused(op: Op, io: Operands) -> bool:
    """Whether such a kernel computes an operator of these tensors wrongly, or not at all.

    On int16, a layer whose weights have a scale per unit is refused, and a TRANSPOSE_CONV ends in a
    fault, and sums of an LSTM wrap in 32 bits. A state of int8 that SVDF keeps is computed without
    its zero point, and an LSTM begins anew with each inference.
    """
    kind, wide = op.kind, io.output.dtype is DType.INT16
    return (
        (wide and kind == "FULLY_CONNECTED" and not io.input(1).q.per_tensor)
        or (wide and kind == "TRANSPOSE_CONV")
        or (kind == "SVDF" and io.outputs[1].dtype is DType.INT8)
        or (
            kind == "UNIDIRECTIONAL_SEQUENCE_LSTM" and (wide or not io.input(op.memory[0]).constant)
        )
    )


def pins(kernel_set: KernelSet) -> tuple[Pin, ...]:
    """What has to be obtained to build with a kernel set."""
    vendor = VENDORS.get(kernel_set)
    return CORE_PINS if vendor is None else (*CORE_PINS, *vendor.pins)


def kernel_sets(board: Board) -> tuple[str, ...]:
    """The names of the kernel sets there are for the board, the best one first.

    InputError where its file names one that its core cannot execute.
    """
    there: list[str] = list(board.engines.tflm_kernel_sets)
    for kernels in map(KernelSet, there):
        if kernels in VENDORS and not board.runs(VENDORS[kernels].requires):
            wanted = ", ".join(VENDORS[kernels].requires)
            raise InputError(
                f"the core of {board.id} cannot execute the kernel set {kernels.value}",
                why=f"it requires {wanted}; the board's extensions: "
                f"{', '.join(board.extensions) or 'none'}",
                next_step="mend extensions or engines.tflm_kernel_sets in the board file",
            )
    if board.engines.tflm_from is TflmFrom.SOURCES and KernelSet.REFERENCE.value not in there:
        there.append(KernelSet.REFERENCE.value)
    return tuple(there)


def kernel_set(board: Board, name: str | None = None) -> KernelSet:
    """The kernel set `name`, or the board's best one."""
    there = kernel_sets(board)
    chosen = name or next(iter(there), "that tinygen knows")
    if chosen not in there:
        raise InputError(
            f"{board.id} has no kernel set {chosen} for the engine tflm",
            why=f"kernel sets there: {', '.join(there) or 'none'}",
            next_step="leave --kernel-set out for the board's own choice",
        )
    return KernelSet(chosen)
