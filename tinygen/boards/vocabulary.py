"""The words of a board file: every value that code or another program compares with something."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum
from typing import Literal


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """`; did you mean X?`, or nothing where no word is near."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


Framework = Literal["", "arduino", "espidf", "freedom-e-sdk"]
"""PlatformIO's frameworks that there is a port for; empty for none."""

LdfMode = Literal["chain", "deep", "chain+", "deep+"]
"""How PlatformIO looks for libraries."""

Prefix = Literal[
    "aarch64-linux-gnu",
    "arm-linux-gnueabihf",
    "arm-none-eabi",
    "avr",
    "riscv-none-elf",
    "riscv32-esp-elf",
    "riscv32-unknown-elf",
    "riscv64-unknown-elf",
    "x86_64-linux-gnu",
    "xtensa-esp-elf",
    "xtensa-esp32-elf",
    "xtensa-esp32s3-elf",
    "xtensa-lx106-elf",
]
"""What a GNU toolchain's programs are named after."""

EmulatorProgram = Literal[
    "qemu-system-arm",
    "qemu-system-avr",
    "qemu-system-riscv32",
    "qemu-system-riscv64",
    "qemu-system-xtensa",
]

UserEmulator = Literal["qemu-aarch64", "qemu-arm"]
"""QEMU's user mode: one program of another machine's Linux."""

EngineName = Literal["aot", "tflm"]

TflmKernels = Literal["cmsis_nn", "esp_nn", "esp_nn_s3", "reference"]
"""The kernel sets of the engine tflm."""

ResetName = Literal["none", "keep-dtr", "esp32", "avr"]
"""What opening the serial port does and needs (tinygen.devices.link.reset)."""

UPLOAD_PROTOCOLS = (
    *("arduino", "wiring", "stk500v1", "stk500v2", "avr109", "avrispmkII", "usbasp", "usbtiny"),
    *("micronucleus", "jtag2updi", "serialupdi", "urclock"),
    *("esptool", "espota", "esp-builtin", "esp-prog", "esp-bridge"),
    *("stlink", "jlink", "cmsis-dap", "blackmagic", "mbed", "dfu", "serial", "hid", "ftdi"),
    *("nrfutil", "nrfjprog", "sam-ba", "atmel-ice", "asb", "svl"),
    *("picotool", "picoprobe", "raspberrypi-swd", "teensy-cli", "teensy-gui"),
    *("minimodule", "tumpa", "iot-bus-jtag", "custom"),
)
"""What PlatformIO's platforms call their ways to upload. A platform may have others."""


class Core(StrEnum):
    """Processor cores, as their compilers name them; an architecture where it may be any of it."""

    CORTEX_M0 = "cortex-m0"
    CORTEX_M0PLUS = "cortex-m0plus"
    CORTEX_M1 = "cortex-m1"
    CORTEX_M3 = "cortex-m3"
    CORTEX_M4 = "cortex-m4"
    CORTEX_M7 = "cortex-m7"
    CORTEX_M23 = "cortex-m23"
    CORTEX_M33 = "cortex-m33"
    CORTEX_M35P = "cortex-m35p"
    CORTEX_M52 = "cortex-m52"
    CORTEX_M55 = "cortex-m55"
    CORTEX_M85 = "cortex-m85"
    CORTEX_A53 = "cortex-a53"
    CORTEX_A72 = "cortex-a72"
    CORTEX_A76 = "cortex-a76"
    ARMV7_A = "armv7-a"
    ARMV8_A = "armv8-a"
    X86_64 = "x86-64"
    RV32EC = "rv32ec"
    RV32IC = "rv32ic"
    RV32IMC = "rv32imc"
    RV32IMAC = "rv32imac"
    RV32IMAFC = "rv32imafc"
    RV32IMAFDC = "rv32imafdc"
    XTENSA_LX6 = "xtensa-lx6"
    XTENSA_LX7 = "xtensa-lx7"
    XTENSA_LX106 = "xtensa-lx106"
    AVR4 = "avr4"
    AVR5 = "avr5"
    AVR51 = "avr51"
    AVR6 = "avr6"
    AVRXMEGA2 = "avrxmega2"
    AVRXMEGA3 = "avrxmega3"
    AVRXMEGA4 = "avrxmega4"


class Extension(StrEnum):
    """What a core's instruction set has beyond its base, as far as a kernel set could want it."""

    DSP = "dsp"
    """Arm's: dual 16-bit multiplications, saturation; of every Armv7E-M, of some Armv8-M cores."""
    MVE = "mve"
    """Arm's vectors of 128 bits, Helium, for integers."""
    NEON = "neon"
    """Arm's vectors of 128 bits for large cores, Advanced SIMD; of every 64-bit one."""
    MAC16 = "mac16"
    """Xtensa's 16-bit multiplications into an accumulator of 40 bits."""
    PIE = "pie"
    """The ESP32-S3's vectors of 128 bits."""
    M = "m"
    """RISC-V's multiplication and division."""


_DSP = frozenset({Extension.DSP})
_HELIUM = frozenset({Extension.DSP, Extension.MVE})
_NEON = frozenset({Extension.NEON})
_M = frozenset({Extension.M})

POSSIBLE: Mapping[Core, frozenset[Extension]] = {
    Core.CORTEX_M4: _DSP,
    Core.CORTEX_M7: _DSP,
    Core.CORTEX_M33: _DSP,
    Core.CORTEX_M35P: _DSP,
    Core.CORTEX_M52: _HELIUM,
    Core.CORTEX_M55: _HELIUM,
    Core.CORTEX_M85: _HELIUM,
    Core.CORTEX_A53: _NEON,
    Core.CORTEX_A72: _NEON,
    Core.CORTEX_A76: _NEON,
    Core.ARMV7_A: _NEON,
    Core.ARMV8_A: _NEON,
    Core.RV32IMC: _M,
    Core.RV32IMAC: _M,
    Core.RV32IMAFC: _M,
    Core.RV32IMAFDC: _M,
    Core.XTENSA_LX6: frozenset({Extension.MAC16}),
    Core.XTENSA_LX7: frozenset({Extension.MAC16, Extension.PIE}),
}
"""The extensions that a core may have; one that is not here has none of them."""


class Fpu(Enum):
    """Floating point in hardware."""

    NONE = "none"
    SINGLE = "single"
    DOUBLE = "double"


class Port(Enum):
    """Which port of the hardware layer the firmware is built with."""

    CORTEX_M = "cortex_m"
    SIFIVE = "sifive"
    XTENSA_SIM = "xtensa_sim"
    ARDUINO = "arduino"
    ESP_IDF = "esp_idf"
    METAL = "metal"
    POSIX = "posix"

    @property
    def framework(self) -> Framework:
        """The framework it is written for; empty where the port needs none."""
        return _FRAMEWORKS.get(self, "")

    @property
    def bare(self) -> bool:
        """Whether the port is all there is: our start-up, our linker script, no framework and no
        operating system."""
        return not self.framework and self is not Port.POSIX

    @property
    def uart(self) -> bool:
        """Whether the port drives the serial port's registers itself."""
        return self in (Port.CORTEX_M, Port.SIFIVE, Port.METAL)


_FRAMEWORKS: Mapping[Port, Framework] = {
    Port.ARDUINO: "arduino",
    Port.ESP_IDF: "espidf",
    Port.METAL: "freedom-e-sdk",
}


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


class ResetReason(Enum):
    """How the Arduino port finds out what started the chip."""

    UNKNOWN = "unknown"
    AVR = "avr"
    ESP = "esp"
    IMXRT = "imxrt"
    MBED = "mbed"
    NRF = "nrf"
    PICO = "pico"
    STM32 = "stm32"


class Uart(Enum):
    """Serial ports there is a bare-metal driver for."""

    CMSDK = "cmsdk"
    NRF51 = "nrf51"
    SIFIVE = "sifive"


class Connection(Enum):
    """What is behind the serial port that the host sees: a bridge, or the chip itself."""

    UART = "uart"
    USB = "usb"


class Loader(Enum):
    """The option that QEMU's machine takes its firmware by."""

    KERNEL = "kernel"
    BIOS = "bios"


class Allocator(Enum):
    """How the firmware asks for a block of the heap."""

    ESP_HEAP_CAPS = "esp_heap_caps"


class ArenaPlace(Enum):
    """Where the arena lies: a variable, the heap in the chip, the heap in RAM outside of it."""

    STATIC = "static"
    HEAP = "heap"
    EXTERNAL = "external"


class TflmFrom(Enum):
    """Where a project gets TensorFlow Lite Micro from: its sources, or the board's framework, which
    brings it along."""

    SOURCES = "sources"
    ARDUINO_CORE = "arduino_core"
    IDF_COMPONENT = "idf_component"
