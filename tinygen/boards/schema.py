"""What a board is: a closed set of facts, each with its type and unit."""

from __future__ import annotations

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


class Port(Enum):
    """Which port of the hardware layer the firmware is built with."""

    CORTEX_M = "cortex_m"


class Uart(Enum):
    """Serial ports there is a bare-metal driver for."""

    CMSDK = "cmsdk"
    NRF51 = "nrf51"


class SerialKind(Enum):
    """How the host sees the board's serial port."""

    SOCKET = "socket"
    UART = "uart"
    USB = "usb"


@dataclass(frozen=True)
class Memory:
    """A range of addresses: first address and size in bytes."""

    origin: int
    bytes: int


@dataclass(frozen=True)
class Memories:
    """What the linker may fill. `vectors_origin`: the vector table, where not at flash's start."""

    flash: Memory
    ram: Memory
    vectors_origin: int | None = None


@dataclass(frozen=True)
class PlatformIO:
    """How PlatformIO knows the board; `framework` is empty for bare metal."""

    platform: str
    board: str
    framework: str = ""
    build_flags: tuple[str, ...] = ()
    build_unflags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Toolchain:
    """The compiler on PATH that builds a bare-metal board, and the flags that mean its core."""

    prefix: str
    core_flags: tuple[str, ...]


@dataclass(frozen=True)
class UartPort:
    """A memory-mapped serial port: register base address, number of its receive interrupt."""

    type: Uart
    base: int
    irq: int


@dataclass(frozen=True)
class Serial:
    """The serial port the host talks to; `uart` for bare-metal boards."""

    kind: SerialKind
    baud: int
    uart: UartPort | None = None


@dataclass(frozen=True)
class Emulator:
    """How QEMU runs the board.

    `clock_hz` is the system timer's. With `-icount shift=N` one instruction takes 2^N ns of the
    emulated time, so instructions = ticks / clock_hz * 1e9 / 2^N.
    """

    program: str
    machine: str
    cpu: str
    clock_hz: int
    icount_shift: int

    def instructions(self, ticks: int) -> int:
        """Instructions executed in `ticks` of the system timer, rounded down."""
        return ticks * 1_000_000_000 // (self.clock_hz << self.icount_shift)


@dataclass(frozen=True)
class Engines:
    """Engines that run on the board, and the kernel sets its core can execute, best first."""

    available: tuple[str, ...]
    default: str
    kernel_sets: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """One target.

    `protocol_payload` is the most payload bytes in one frame of the serial protocol, `stack_bytes`
    what the linker keeps for the stack, `proven` how far the board has been run, in words.
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
    toolchain: Toolchain | None = None
    emulator: Emulator | None = None
    notes: tuple[str, ...] = field(default=())
