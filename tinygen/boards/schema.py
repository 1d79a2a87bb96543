"""What a board is: a closed set of facts, each with its type and unit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """Where the firmware runs."""

    EMULATED = "emulated"
    HARDWARE = "hardware"


class Fpu(Enum):
    """Floating point in hardware."""

    NONE = "none"
    SINGLE = "single"
    DOUBLE = "double"


class Extension(Enum):
    """What a core's instruction set has beyond its base, as far as a kernel set could want it."""

    DSP = "dsp"
    """Arm's: dual 16-bit multiplications, saturation; of every Armv7E-M, of some Armv8-M cores."""
    MVE = "mve"
    """Arm's vectors of 128 bits, Helium, for integers."""
    MAC16 = "mac16"
    """Xtensa's 16-bit multiplications into an accumulator of 40 bits."""
    PIE = "pie"
    """The ESP32-S3's vectors of 128 bits."""
    M = "m"
    """RISC-V's multiplication and division."""


class Port(Enum):
    """Which port of the hardware layer the firmware is built with."""

    CORTEX_M = "cortex_m"
    SIFIVE = "sifive"
    XTENSA_SIM = "xtensa_sim"
    ARDUINO = "arduino"
    ESP_IDF = "esp_idf"
    METAL = "metal"

    @property
    def bare(self) -> bool:
        """Whether the port is all there is: our start-up, our linker script, no framework."""
        return self in (Port.CORTEX_M, Port.SIFIVE, Port.XTENSA_SIM)

    @property
    def brings_cxx(self) -> bool:
        """Whether the framework links C++'s library; Freedom E SDK links C's alone."""
        return self in (Port.ARDUINO, Port.ESP_IDF)

    @property
    def uart(self) -> bool:
        """Whether the port drives the serial port's registers itself."""
        return self in (Port.CORTEX_M, Port.SIFIVE, Port.METAL)


class Ticks(Enum):
    """What the Arduino port counts an inference with."""

    MICROS = "micros"
    DWT = "dwt"
    ESP_CYCLES = "esp_cycles"
    AVR_TIMER1 = "avr_timer1"


class StackMark(Enum):
    """How the Arduino port finds out how much of the stack was used."""

    UNKNOWN = "unknown"
    AVR = "avr"
    ESP = "esp"


class Uart(Enum):
    """Serial ports there is a bare-metal driver for."""

    CMSDK = "cmsdk"
    NRF51 = "nrf51"
    SIFIVE = "sifive"


class SerialKind(Enum):
    """How the host sees the board's serial port."""

    SOCKET = "socket"
    UART = "uart"
    USB = "usb"


class Loader(Enum):
    """The option that QEMU's machine takes its firmware by."""

    KERNEL = "kernel"
    BIOS = "bios"


@dataclass(frozen=True)
class Memory:
    """A range of addresses: size in bytes, first address (0 where a framework links; known there,
    it makes sense of linkers that tell an address for what does not fit)."""

    bytes: int
    origin: int = 0


class Allocator(Enum):
    """How the firmware asks for a block of the heap."""

    ESP_HEAP_CAPS = "esp_heap_caps"


class ArenaPlace(Enum):
    """Where the arena lies: a variable, the heap in the chip, the heap in RAM outside of it."""

    STATIC = "static"
    HEAP = "heap"
    EXTERNAL = "external"


@dataclass(frozen=True)
class Heap:
    """RAM that variables cannot have. Sizes in bytes.

    Arenas of more than `static_bytes` are taken from it: from the chip's own, whose largest block
    is `bytes`, or else from RAM outside of the chip, `external_bytes`, which is slower.
    """

    allocator: Allocator
    static_bytes: int
    bytes: int = 0
    external_bytes: int = 0


@dataclass(frozen=True)
class RamCode:
    """Code that runs from RAM: its ELF sections, which together take whole blocks of RAM."""

    sections: tuple[str, ...]
    block_bytes: int


@dataclass(frozen=True)
class Memories:
    """What the linker may fill.

    `vectors_origin` is the vector table, where not at flash's start. `ram_sections` are the ELF
    sections that take RAM, where that is not just what is writable, `ram_code` is code that does.
    `constants_bytes` is how much the aot engine's constants may take, where the core reaches less
    than all of flash. `heap` is for arenas that are too large for a variable.
    """

    flash: Memory
    ram: Memory
    vectors_origin: int | None = None
    ram_sections: tuple[str, ...] = ()
    ram_code: RamCode | None = None
    constants_bytes: int | None = None
    heap: Heap | None = None


@dataclass(frozen=True)
class PlatformIO:
    """How PlatformIO knows the board; `framework` is empty for bare metal.

    `options` are further lines of platformio.ini: (name, value).
    """

    platform: str
    board: str
    framework: str = ""
    lib_ldf_mode: str = "off"
    build_flags: tuple[str, ...] = ()
    build_unflags: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Toolchain:
    """The compiler on PATH that builds a board of our own platform.

    `core_flags` mean its core; `arduino_core` is the folder of an installed Arduino core and
    `arduino_variant` the board's pins in it, where the board is built with one.
    """

    prefix: str
    core_flags: tuple[str, ...]
    link_flags: tuple[str, ...] = ()
    arduino_core: str = ""
    arduino_variant: str = ""


@dataclass(frozen=True)
class UartPort:
    """A memory-mapped serial port: register base address, number of its receive interrupt."""

    type: Uart
    base: int
    irq: int


@dataclass(frozen=True)
class Serial:
    """The serial port the host talks to.

    `reset` names what opening it does and needs (tinygen.link.reset), `usb_ids` are the ids it is
    found by ("2341:0043", lower case; empty where it has none of its own), `uart` is for
    bare-metal boards. `window` is how many requests may be under way: 1 for a port that cannot
    receive while the board computes.
    """

    kind: SerialKind
    baud: int
    reset: str = "none"
    usb_ids: tuple[str, ...] = ()
    window: int = 4
    uart: UartPort | None = None


@dataclass(frozen=True)
class Upload:
    """How `pio run -t upload` reaches the board.

    `needs_port`: the serial port carries the upload; else a probe or a USB boot loader does.
    `returns` says that the port leaves and comes back, maybe under another name.
    """

    protocol: str
    needs_port: bool
    returns: bool = False


@dataclass(frozen=True)
class Emulator:
    """How QEMU runs the board.

    `clock_hz` is the system timer's. With `-icount shift=N` one instruction takes 2^N ns of the
    emulated time, so instructions = ticks / clock_hz * 1e9 / 2^N. Where QEMU cannot count a core's
    instructions `icount_shift` is absent: time there is the host's and says nothing. `cpu` is empty
    where the machine has just one. `buffered` puts a buffer before the serial port, which makes it
    receive faster; QEMU's simulated consoles cannot have one.
    """

    program: str
    machine: str
    clock_hz: int
    icount_shift: int | None = None
    cpu: str = ""
    loader: Loader = Loader.KERNEL
    options: tuple[str, ...] = ()
    buffered: bool = True

    def instructions(self, ticks: int) -> int | None:
        """Instructions executed in `ticks` of the system timer, rounded down; None: not counted."""
        if self.icount_shift is None:
            return None
        return ticks * 1_000_000_000 // (self.clock_hz << self.icount_shift)


class TflmFrom(Enum):
    """Where a project gets TensorFlow Lite Micro from: its sources, or the board's framework, which
    brings it along."""

    SOURCES = "sources"
    ARDUINO_CORE = "arduino_core"
    IDF_COMPONENT = "idf_component"


@dataclass(frozen=True)
class Engines:
    """Engines that run on the board.

    `tflm_kernel_sets` are the kernel sets of TensorFlow Lite Micro that the framework and its
    compiler can build, the preferred one first; what a set requires of the core it says itself.
    TensorFlow Lite Micro comes from `tflm_from`.
    """

    available: tuple[str, ...]
    default: str
    tflm_kernel_sets: tuple[str, ...] = ()
    tflm_from: TflmFrom = TflmFrom.SOURCES


@dataclass(frozen=True)
class Board:
    """One target.

    `extensions` are what the core itself has; which kernel sets run there follows.
    `protocol_payload` is the most payload bytes in one frame of the serial protocol, `stack_bytes`
    what the linker or the framework keeps for the stack, `proven` how far the board has been run,
    in words.
    """

    id: str
    name: str
    kind: Kind
    core: str
    fpu: Fpu
    port: Port
    stack_bytes: int
    protocol_payload: int
    proven: str
    platformio: PlatformIO
    memory: Memories
    engines: Engines
    serial: Serial
    extensions: tuple[Extension, ...] = ()
    ticks: Ticks | None = None
    stack_mark: StackMark = StackMark.UNKNOWN
    upload: Upload | None = None
    toolchain: Toolchain | None = None
    emulator: Emulator | None = None
    notes: tuple[str, ...] = field(default=())

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
