"""The arithmetic that the LX106's compiler lacks, compiled for the host and held against Python."""

from __future__ import annotations

import ctypes
import itertools
import random
import subprocess
from pathlib import Path

from tinygen.resources import firmware_dir

SOURCE = firmware_dir() / "hal" / "xtensa_sim" / "arithmetic_lx106.c"
EDGES = [0, 1, 2, 3, 7, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF]


def _signed(value: int, bits: int) -> int:
    return (value & ((1 << bits) - 1)) - ((value & (1 << (bits - 1))) << 1)


def test_against_python(tmp_path: Path) -> None:
    library = tmp_path / "arithmetic.so"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
    subprocess.run(["gcc", *flags, "-shared", "-fPIC", "-O1", SOURCE, "-o", library], check=True)
    c = ctypes.CDLL(str(library))
    multiply, u_divide, u_rest, divide, rest = (
        c[name] for name in ("__muldi3", "__udivsi3", "__umodsi3", "__divsi3", "__modsi3")
    )
    multiply.argtypes, multiply.restype = [ctypes.c_int64, ctypes.c_int64], ctypes.c_int64
    u_divide.restype = u_rest.restype = ctypes.c_uint32
    generator = random.Random(0)
    values = EDGES + [generator.getrandbits(generator.randint(1, 32)) for _ in range(25)]
    for a, b in itertools.product(values, values):
        long_a, long_b = _signed(a << 20 | b, 64), _signed(b << 30 | a, 64)
        product = multiply(long_a, long_b)
        assert product == _signed(long_a * long_b, 64)
        if b == 0:
            continue
        assert u_divide(a, b) == a // b
        assert u_rest(a, b) == a % b
        x, y = _signed(a, 32), _signed(b, 32)
        quotient = _signed(abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1), 32)
        assert divide(x, y) == quotient
        assert rest(x, y) == _signed(x - quotient * y, 32)
