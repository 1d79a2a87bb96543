"""What the keys of a board file say of each other: the rules that hold between several."""

from __future__ import annotations

from collections.abc import Iterator

from tinygen.boards.schema import ADDRESSES, LOCAL_PLATFORM, Board, Linux, Serial
from tinygen.boards.vocabulary import (
    POSSIBLE,
    UPLOAD_PROTOCOLS,
    Connection,
    Extension,
    Port,
    ResetReason,
    StackMark,
    TflmFrom,
    did_you_mean,
)
from tinygen.npus import NPUS

_WRITTEN = ("platform", "board", "framework", "lib_ldf_mode", "build_flags", "build_unflags")
"""The lines of platformio.ini that have a key of their own."""

DEFAULTS = "ethos-u55"
"""Which NPUs Vela takes one SRAM for by itself, shared with the processor."""


def contradictions(board: Board) -> Iterator[str]:
    """What is said of each rule that the board breaks."""
    yield from _port(board)
    yield from _device(board)
    yield from _core(board)
    yield from _memory(board)
    yield from _engines(board)
    yield from _npu(board)
    yield from _options(board)


def _port(board: Board) -> Iterator[str]:
    port, framework = board.port, board.platformio.framework
    if framework != port.framework:
        wanted = port.framework or "to be left out"
        yield f"platformio.framework is {framework!r}; the port {port.value} wants it {wanted}"
    if board.platformio.local != (board.toolchain is not None):
        yield f"a board of platformio.platform {LOCAL_PLATFORM}, and only that, has [toolchain]"
    if board.toolchain and framework and not board.toolchain.arduino_core:
        yield "the key toolchain.arduino_core is missing: the framework has to come from somewhere"
    if board.toolchain and framework and not board.toolchain.arduino_variant:
        yield "the key toolchain.arduino_variant is missing: it is the board's pins"
    if board.port.uart != (board.serial.uart is not None):
        yield "ports cortex_m, sifive and metal, and no others, have [serial.uart]"
    if (port is Port.ARDUINO) != (board.ticks is not None):
        yield "the port arduino, and only that, has ticks"
    if board.serial.fastest is not None:
        usb = isinstance(board.device, Serial) and board.device.connection is Connection.USB
        if port not in (Port.ARDUINO, Port.ESP_IDF) or usb:
            yield "serial.fastest is for the serial ports of arduino and esp_idf that have a rate"
        if board.serial.fastest < board.serial.baud:
            yield "serial.fastest is lower than serial.baud"
    if port is not Port.ARDUINO and board.stack_mark is not StackMark.UNKNOWN:
        yield "stack_mark is for the port arduino; others have marks of their own"
    if port is not Port.ARDUINO and board.reset_reason is not ResetReason.UNKNOWN:
        yield "reset_reason is for the port arduino; others find it out by themselves"


def _device(board: Board) -> Iterator[str]:
    if isinstance(board.device, Linux) != (board.port is Port.POSIX):
        yield "device.type linux, and only that, goes with the port posix"
    if isinstance(board.device, Linux):
        if not board.device.machines:
            yield "device.machines is empty: the program has to run somewhere"
        if board.device.cpu is not None and board.device.emulator is None:
            yield "device.cpu is what device.emulator is to be, which is missing"
    if isinstance(board.device, Serial):
        if len(set(board.device.usb_ids)) < len(board.device.usb_ids):
            yield "device.usb_ids names one twice"
        asked = board.platformio.options.get("upload_protocol")
        yield from _protocol(board.device.upload.protocol, asked)


def _protocol(protocol: str, asked: str | None) -> Iterator[str]:
    """Of the name of a way to upload PlatformIO makes nothing but a warning where it is wrong."""
    if asked is not None and asked != protocol:
        yield (
            f"device.upload.protocol is {protocol!r}, but platformio.options.upload_protocol asks "
            f"PlatformIO for {asked!r}"
        )
    elif asked is None and protocol not in UPLOAD_PROTOCOLS:
        yield (
            f"device.upload.protocol is {protocol!r}{did_you_mean(protocol, UPLOAD_PROTOCOLS)}\n"
            f"tinygen knows {', '.join(UPLOAD_PROTOCOLS)}; for another one of the platform's set "
            "platformio.options.upload_protocol to it as well"
        )


def _core(board: Board) -> Iterator[str]:
    possible = POSSIBLE.get(board.core, frozenset())
    for extension in board.extensions:
        if extension not in possible:
            yield f"extensions is {extension.value!r}, which no {board.core} has"
    if len(set(board.extensions)) < len(board.extensions):
        yield "extensions names one twice"
    if Extension.M in possible and Extension.M not in board.extensions:
        yield f"extensions leaves out m, which every {board.core} has"


def _memory(board: Board) -> Iterator[str]:
    memory = board.memory
    for name, there in (("flash", memory.flash), ("ram", memory.ram)):
        if there.origin + there.bytes > ADDRESSES:
            yield f"memory.{name}: origin and bytes lead beyond 32-bit addresses"
    if board.stack_bytes >= memory.ram.bytes:
        yield f"stack_bytes is {board.stack_bytes:,}, which leaves no RAM"
    if (memory.constants_bytes or 0) > memory.flash.bytes:
        yield "memory.constants_bytes is more than memory.flash.bytes"
    heap = memory.heap
    if heap is not None and not heap.bytes + heap.external_bytes:
        yield "memory.heap has no bytes and no external_bytes"


def _engines(board: Board) -> Iterator[str]:
    engines = board.engines
    if engines.default not in engines.available:
        yield f"engines.default is {engines.default!r}, which is not in engines.available"
    for name, words in (
        ("engines.available", engines.available),
        ("engines.tflm_kernel_sets", engines.tflm_kernel_sets),
    ):
        if len(set(words)) < len(words):
            yield f"{name} names one twice"
    source, sets = engines.tflm_from, set(engines.tflm_kernel_sets)
    if source is TflmFrom.IDF_COMPONENT and board.port is not Port.ESP_IDF:
        yield "engines.tflm_from is idf_component, which goes with the port esp_idf"
    if source is TflmFrom.SOURCES and board.port is Port.ESP_IDF and sets:
        yield "with the port esp_idf, engines.tflm_from is idf_component"
    if source is TflmFrom.ARDUINO_CORE and board.port is not Port.ARDUINO:
        yield "engines.tflm_from is arduino_core, which goes with the port arduino"
    if source is not TflmFrom.SOURCES and not sets <= {"esp_nn", "esp_nn_s3"}:
        yield "engines.tflm_kernel_sets: the framework's own library has only esp_nn"


def _npu(board: Board) -> Iterator[str]:
    npu = board.npu
    if npu is None:
        return
    if board.port is not Port.CORTEX_M or "tflm" not in board.engines.available:
        yield "npu is for boards of the port cortex_m with the engine tflm"
    if not npu.models:
        yield "npu.models is empty: a build has to know which there may be"
    for name in npu.models:
        if name not in NPUS:
            yield f"npu.models is {name!r}{did_you_mean(name, NPUS)}; there are {', '.join(NPUS)}"
    words = (npu.system_config, npu.memory_mode)
    if (words[0] is None) != (words[1] is None):
        yield "npu.system_config and npu.memory_mode are given together, or neither"
    if words[1] is None and any(not name.startswith(DEFAULTS) for name in npu.models):
        yield (
            "npu.memory_mode is missing: what Vela takes by itself has SRAM for the NPU alone, but "
            f"for {DEFAULTS}"
        )


def _options(board: Board) -> Iterator[str]:
    """PlatformIO ignores an option that it does not know."""
    open_ended = ("board_build.", "board_upload.", "board_debug.", "board_", "custom_")
    for name in board.platformio.options:
        if name in _WRITTEN:
            yield f"platformio.options.{name}: say platformio.{name} instead"
        elif not name.startswith(open_ended) and name not in (known := _known_options()):
            yield (
                f"platformio.options.{name} is no option of PlatformIO's{did_you_mean(name, known)}"
            )


def _known_options() -> list[str]:
    """The options of an environment that the installed PlatformIO knows."""
    from platformio.project.options import ProjectOptions

    return [name.removeprefix("env.") for name in ProjectOptions if name.startswith("env.")]
