"""The NumPy array format, read from a stream: header, then values, never a pickle.

`np.load` believes a header: it allocates what the header claims, and maps negative sizes. Here a
claim is held against the bytes that follow before anything is allocated, and the values become
float32 piece by piece, so that memory stays at one float32 array.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.lib import format as npy_format

_PIECE = 1 << 20
"""Values that are converted at once."""


@dataclass(frozen=True)
class Header:
    """What an array's header says. `offset` is where the values begin."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[np.generic]
    offset: int

    @property
    def count(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def numeric(self) -> bool:
        """Whether the values are real numbers."""
        return self.dtype.kind in "buif"


def read_header(stream: IO[bytes], size: int) -> Header:
    """The header of an array whose file has `size` bytes.

    Raises ValueError for one that is no array of plain values, or that has not the values it says.
    """
    start = stream.tell()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote, and of damaged ones
            version = npy_format.read_magic(stream)
            read = {
                (1, 0): npy_format.read_array_header_1_0,
                (2, 0): npy_format.read_array_header_2_0,
            }[version]
            shape, fortran_order, dtype = read(stream)
    except KeyError as error:
        raise ValueError("it is of a version of the format that holds no plain numbers") from error
    except Exception as error:  # the parser of headers raises many types on damaged ones
        raise ValueError(f"its header is damaged: {' '.join(str(error).split())[:120]}") from error
    header = Header(tuple(map(int, shape)), fortran_order, dtype, stream.tell() - start)
    if any(axis < 0 for axis in header.shape):
        raise ValueError(f"its header says the shape {header.shape}, with a negative length")
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    if header.count * dtype.itemsize > size - header.offset:
        raise ValueError(
            f"its header says {header.count * dtype.itemsize:,} bytes of values, and"
            f" {max(size - header.offset, 0):,} follow"
        )
    return header


def read_values(stream: IO[bytes], header: Header, dtype: np.dtype[np.generic]) -> np.ndarray:
    """The values that follow the header, as `dtype`. ValueError where they end early."""
    values = np.empty(header.count, dtype)
    for start in range(0, header.count, _PIECE):
        count = min(_PIECE, header.count - start)
        piece = stream.read(count * header.dtype.itemsize)
        if len(piece) < count * header.dtype.itemsize:
            raise ValueError("the file ends before the values do")
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found later
            values[start : start + count] = np.frombuffer(piece, header.dtype)
    if header.fortran_order:
        return values.reshape(header.shape[::-1]).transpose()
    return values.reshape(header.shape)
