"""What a board is: a closed set of facts, each with its type, its unit and its range."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from tinygen.boards.vocabulary import (
    Allocator,
    ArenaPlace,
    Connection,
    Core,
    EmulatorProgram,
    EngineName,
    Extension,
    Fpu,
    Framework,
    LdfMode,
    Loader,
    Port,
    Prefix,
    ResetName,
    ResetReason,
    StackMark,
    TflmFrom,
    TflmKernels,
    Ticks,
    Uart,
    UserEmulator,
)

LOCAL_PLATFORM = "tinygen-emulated"
"""The development platform that comes with a project instead of from a registry."""

ADDRESSES = 1 << 32
"""Bytes that a core can address."""

Address = Annotated[int, Meta(ge=0, lt=ADDRESSES)]
Size = Annotated[int, Meta(ge=1, le=ADDRESSES)]
SizeOrNone = Annotated[int, Meta(ge=0, le=ADDRESSES)]
Text = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]+\Z", description="a line of text")]
"""What people read, and nothing compares."""
Flag = Annotated[str, Meta(pattern=r"^-[^\x00-\x1f\x7f]+\Z", description="an option such as -Os")]
Section = Annotated[
    str, Meta(pattern=r"^\.[\w.]+\Z", description="a section of an ELF file such as .bss")
]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][\w.-]*\Z", description="one word, as in a path")]
Protocol = Annotated[
    str, Meta(pattern=r"^[\w-]+\Z", description="a way to upload, such as stlink or esptool")
]
UsbId = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}\Z",
        description="a USB id such as 2341:005a, in lower case",
    ),
]
Platform = Annotated[
    str,
    Meta(
        pattern=r"^([\w.-]+/)?[\w.-]+(@[^\s@]+)?\Z|^[a-z+]+://\S+\Z",
        description="a platform as PlatformIO knows it, NAME@VERSION or the URL of one",
    ),
]
Machine = Annotated[
    str,
    Meta(
        pattern=r"^[\w.-]+(,[\w.-]+=[^\s,]+)*\Z",
        description="a name that QEMU knows, such as mps2-an386",
    ),
]


@dataclass(frozen=True)
class Memory:
    """A range of addresses: size in bytes, first address (0 where a framework links; known there,
    it makes sense of linkers that tell an address for what does not fit)."""

    bytes: Size
    origin: Address = 0


@dataclass(frozen=True)
class Heap:
    """RAM that variables cannot have. Sizes in bytes.

    Arenas of more than `static_bytes` are taken from it: from the chip's own, whose largest block
    is `bytes`, or else from RAM outside of the chip, `external_bytes`, which is slower.
    """

    allocator: Allocator
    static_bytes: SizeOrNone
    bytes: SizeOrNone = 0
    external_bytes: SizeOrNone = 0


@dataclass(frozen=True)
class RamCode:
    """Code that runs from RAM: its ELF sections, which together take whole blocks of RAM."""

    sections: tuple[Section, ...]
    block_bytes: Size


@dataclass(frozen=True)
class Memories:
    """What the linker may fill.

    `vectors_origin` is the vector table, where not at flash's start. `ram_sections` are the ELF
    sections that take RAM, where that is not just what is writable, `ram_code` is code that does.
    `constants_bytes` is how much the aot engine's constants may take, where the core reaches less
    than all of flash. `heap` is for arenas that are too large for a variable. `source` says where
    the numbers are from: a linker script is what counts, a package's description is not.
    """

    flash: Memory
    ram: Memory
    vectors_origin: Address | None = None
    ram_sections: tuple[Section, ...] = ()
    ram_code: RamCode | None = None
    constants_bytes: Size | None = None
    heap: Heap | None = None
    source: Text | None = None


@dataclass(frozen=True)
class PlatformIO:
    """How PlatformIO knows the board; `framework` is empty for bare metal.

    `options` are further lines of platformio.ini.
    """

    platform: Platform
    board: Name
    framework: Framework = ""
    lib_ldf_mode: LdfMode = "chain"
    build_flags: tuple[Flag, ...] = ()
    build_unflags: tuple[Flag, ...] = ()
    options: Mapping[str, Text] = field(default_factory=dict)

    @property
    def local(self) -> bool:
        """Whether the platform comes with the project."""
        return self.platform == LOCAL_PLATFORM


@dataclass(frozen=True)
class Toolchain:
    """The compiler on PATH that builds a board of our own platform.

    `core_flags` mean its core; `arduino_core` is the folder of an installed Arduino core and
    `arduino_variant` the board's pins in it, where the board is built with one.
    """

    prefix: Prefix
    core_flags: tuple[Flag, ...]
    link_flags: tuple[Flag, ...] = ()
    arduino_core: Text | None = None
    arduino_variant: Name | None = None


@dataclass(frozen=True)
class UartPort:
    """A memory-mapped serial port: register base address, number of its receive interrupt."""

    type: Uart
    base: Address
    irq: Annotated[int, Meta(ge=0, lt=496)]


@dataclass(frozen=True)
class SerialLine:
    """The line that carries the protocol, as the firmware has it.

    `window` is how many requests may be under way: 1 for a port that cannot receive while the board
    computes. `fastest` is the highest rate that the chip and what is between it and the host can,
    where the port can change it. `uart` is for ports that drive its registers themselves. A program
    of Linux has a pipe instead, whose `baud` is only what the time that a verification may take is
    worked out from.
    """

    baud: Annotated[int, Meta(ge=300, le=12_000_000)]
    window: Annotated[int, Meta(ge=1, le=255)] = 4
    fastest: Annotated[int, Meta(ge=9600, le=12_000_000)] | None = None
    uart: UartPort | None = None


@dataclass(frozen=True)
class Qemu:
    """A device that QEMU emulates on this machine; its serial port is a socket.

    `clock_hz` is the system timer's. With `-icount shift=N` one instruction takes 2^N ns of the
    emulated time, so instructions = ticks / clock_hz * 1e9 / 2^N. Where QEMU cannot count a core's
    instructions `icount_shift` is absent: time there is the host's and says nothing. `cpu` is
    absent where the machine has just one. `buffered` puts a buffer before the serial port, which
    makes it receive faster; QEMU's simulated consoles cannot have one.
    """

    type: Literal["qemu"]
    program: EmulatorProgram
    machine: Machine
    clock_hz: Annotated[int, Meta(ge=1_000, le=10_000_000_000)]
    icount_shift: Annotated[int, Meta(ge=0, le=10)] | None = None
    cpu: Machine | None = None
    loader: Loader = Loader.KERNEL
    options: tuple[Text, ...] = ()
    buffered: bool = True

    def instructions(self, ticks: int) -> int | None:
        """Instructions executed in `ticks` of the system timer, rounded down; None: not counted."""
        if self.icount_shift is None:
            return None
        return ticks * 1_000_000_000 // (self.clock_hz << self.icount_shift)


@dataclass(frozen=True)
class Upload:
    """How `pio run -t upload` reaches the board.

    `protocol` is PlatformIO's name for it: what it takes for the board unless the option
    `upload_protocol` says another.
    `needs_port`: the serial port carries the upload; else a probe or a USB boot loader does.
    `returns` says that the port leaves and comes back, maybe under another name.
    """

    protocol: Protocol
    needs_port: bool
    returns: bool = False


@dataclass(frozen=True)
class Serial:
    """A device on a serial port of this machine.

    `reset` names what opening the port does and needs (tinygen.devices.link.reset), `usb_ids` are
    the ids it is found by ("2341:0043"; empty where it has none of its own).
    """

    type: Literal["serial"]
    connection: Connection
    upload: Upload
    reset: ResetName = "none"
    usb_ids: tuple[UsbId, ...] = ()


@dataclass(frozen=True)
class Linux:
    """A machine with Linux: the firmware is a program there, which talks over its standard input
    and output. It is started anew for every session and ends with it.

    `machines` is what `uname -m` says where the program runs. Is this machine one of them, it is
    started here; `emulator` runs it on any; others are reached through SSH. `cpu` is what the
    emulator is to be, where not all that it can.
    """

    type: Literal["linux"]
    machines: tuple[Name, ...]
    emulator: UserEmulator | None = None
    cpu: Machine | None = None


@dataclass(frozen=True)
class Npu:
    """An Arm Ethos-U beside the core, which a build may use (`--npu`).

    `models` are those that it may be, as Vela calls them; the firmware looks which it is. `base` is
    where its registers lie, `secure` whether it is driven from the secure world. `system_config`
    and `memory_mode` are Vela's words for the memories, of Arm/vela.ini; without them Vela's own
    for the model. The interpreter has one arena and no RAM for the NPU alone, so modes with
    dedicated SRAM are none.
    """

    models: tuple[Name, ...]
    base: Address
    secure: bool = True
    system_config: Name | None = None
    memory_mode: Literal["Sram_Only", "Shared_Sram"] | None = None


Device = Qemu | Serial | Linux
"""What runs the firmware; `type` says which it is."""


@dataclass(frozen=True)
class Engines:
    """Engines that run on the board.

    `tflm_kernel_sets` are the kernel sets of TensorFlow Lite Micro that the framework and its
    compiler can build, the preferred one first; what a set requires of the core it says itself.
    TensorFlow Lite Micro comes from `tflm_from`.
    """

    available: tuple[EngineName, ...]
    default: EngineName
    tflm_kernel_sets: tuple[TflmKernels, ...] = ()
    tflm_from: TflmFrom = TflmFrom.SOURCES


@dataclass(frozen=True)
class Board:
    """One target.

    `extensions` are what the core itself has; which kernel sets run there follows.
    `protocol_payload` is the most payload bytes in one frame of the serial protocol, `stack_bytes`
    what the linker or the framework keeps for the stack, `proven` how far the board has been run,
    in words. `marker_pin` is a pin that is free to be high while an inference runs, by the number
    that Arduino's core has for it.
    """

    id: Name
    name: Text
    core: Core
    fpu: Fpu
    port: Port
    stack_bytes: Size
    protocol_payload: Annotated[int, Meta(ge=32, le=32768)]
    proven: Text
    platformio: PlatformIO
    memory: Memories
    engines: Engines
    serial: SerialLine
    device: Device
    extensions: tuple[Extension, ...] = ()
    ticks: Ticks | None = None
    marker_pin: Annotated[int, Meta(ge=0, le=255)] | None = None
    stack_mark: StackMark = StackMark.UNKNOWN
    reset_reason: ResetReason = ResetReason.UNKNOWN
    toolchain: Toolchain | None = None
    npu: Npu | None = None
    notes: tuple[Text, ...] = ()

    def runs(self, extensions: Collection[Extension]) -> bool:
        """Whether the core has all of these."""
        return set(extensions) <= set(self.extensions)

    @property
    def arena_rooms(self) -> tuple[tuple[ArenaPlace, int], ...]:
        """Where an arena may lie, the preferred place first, and the most bytes it has there."""
        ram, heap = self.memory.ram.bytes - self.stack_bytes, self.memory.heap
        if heap is None:
            return ((ArenaPlace.STATIC, ram),)
        rooms = (
            (ArenaPlace.STATIC, min(ram, heap.static_bytes)),
            (ArenaPlace.HEAP, heap.bytes),
            (ArenaPlace.EXTERNAL, heap.external_bytes),
        )
        return tuple((place, room) for place, room in rooms if room > 0)

    def arena_place(self, size: int) -> ArenaPlace | None:
        """Where an arena of `size` bytes lies; None where the board has no room for it."""
        return next((place for place, room in self.arena_rooms if size <= room), None)
