"""C text for values: numbers, arrays, and the parameters of a kernel call.

Knows C and nothing about operators. A model's names reach C only as `comment` and `string`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tinygen.ir import Array, Constant, DType, Edge, Kernel, ParamValue, Place, Tensor
from tinygen.printable import printable

_LINE = 100
_MANY_BYTES = 256
"""An array of more bytes is written as a string."""
_MANY_WORDS = 4096
"""So is one of wider elements that takes more bytes: it is a union with those."""
_ROW = 24
_LETTERS = {
    byte: chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
    for byte in range(256)
}
"""Each byte in a string literal: always three octal digits, so that any letter may follow."""
_SET = re.compile(r"[a-z][a-z0-9]*")
_KERNEL = re.compile(r"[a-z][a-z0-9_]*")


def comment(text: str) -> str:
    """`text` made safe for a C block comment: printable ASCII, cannot end the comment."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in text)
    return plain.replace("*/", "* /").replace("/*", "/ *").replace("??/", "? ?/")[:120]


def string(text: str) -> str:
    """`text` as a C string literal of printable ASCII."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in text)[:120]
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '"'


def output_labels(labels: Sequence[Sequence[str]], outputs: int) -> list[str]:
    """For each output its labels as the initializer of an array of strings, for a macro.

    In UTF-8; empty where there are none.
    """
    return [_strings(names) for names in labels] or [""] * outputs


def _strings(names: Sequence[str]) -> str:
    texts = [_utf8(name) for name in names]
    return "{ \\\n    " + ", \\\n    ".join(texts) + " \\\n  }" if texts else ""


def _utf8(text: str) -> str:
    """A C string literal: what is not printable ASCII is written as octal escapes of its bytes."""
    encoded = printable(text)[:120].encode("utf-8").decode("latin1")
    escaped = (string(c)[1:-1] if " " <= c <= "~" else f"\\{ord(c):03o}" for c in encoded)
    return '"' + "".join(escaped) + '"'


def number(value: int | float) -> str:
    """A number as C writes it; a float in the nine decimal digits that no two floats share, because
    C++ before 2017 has none in hexadecimal."""
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, int | np.integer):
        return "(-2147483647 - 1)" if value == -(1 << 31) else str(int(value))
    text = f"{np.float32(value):.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def array(name: str, constant: Constant, qualifier: str = "") -> str:
    """The definition of a constant array, whose first element is `elements`; `qualifier` says which
    part of flash it lies in."""
    values = constant.data
    if values.size == 0:
        raise ValueError(f"{name} is empty")
    if _is_union(constant):
        text = _bytes(values.astype(values.dtype.newbyteorder("<")).tobytes())
        return f"{_const(constant, qualifier, f'union {name}')} {name} = {{\n{text}\n}};\n"
    head = f"{_const(constant, qualifier)} {name}[{_length(constant)}]"
    if _is_string(constant):
        return f"{head} TG_NONSTRING =\n{_bytes(values.tobytes())};\n"
    lines: list[str] = []
    line = "   "
    for item in map(number, values.reshape(-1).tolist()):
        if len(line) + len(item) + 2 > _LINE:
            lines.append(line)
            line = "   "
        line += f" {item},"
    lines.append(line)
    return f"{head} = {{\n" + "\n".join(lines) + "\n};\n"


def elements(name: str, constant: Constant) -> str:
    """The expression for the elements of such an array."""
    return f"{name}.values" if _is_union(constant) else name


def _is_union(constant: Constant) -> bool:
    return constant.data.dtype.itemsize > 1 and constant.data.nbytes > _MANY_WORDS


def _is_string(constant: Constant) -> bool:
    return constant.data.dtype.itemsize == 1 and constant.data.size > _MANY_BYTES


def _length(constant: Constant) -> str:
    """Elements of an array that is no union: C++ wants room for a string's end."""
    size = constant.data.size
    return f"TG_STRING({size})" if _is_string(constant) else f"{size}"


def _bytes(content: bytes) -> str:
    """As a string literal, which takes a compiler a hundredth of the memory and a twentieth of the
    time that a number for each byte does."""
    letters = content.decode("latin1")
    rows = (letters[i : i + _ROW].translate(_LETTERS) for i in range(0, len(letters), _ROW))
    return "\n".join([f'    "{row}"' for row in rows])


def declaration(name: str, constant: Constant, qualifier: str = "") -> str:
    """The extern declaration of `array`."""
    if _is_union(constant):
        return f"{_const(constant, qualifier, union(name, constant), 'extern')} {name};"
    return f"{_const(constant, qualifier, storage='extern')} {name}[{_length(constant)}];"


def union(name: str, constant: Constant) -> str:
    """The type of an array that is written as a string."""
    values = constant.data
    c_name = DType(values.dtype.name).c_name
    return (
        f"union {name} {{\n"
        f"  int8_t bytes[TG_STRING({values.nbytes})] TG_NONSTRING; /* little-endian */\n"
        f"  {c_name} values[{values.size}];\n}}"
    )


def pointer(name: str, constant: Constant, qualifier: str = "") -> str:
    """The parameter of a function that points to such an array."""
    space = qualifier if constant.place is Place.FLASH else ""
    c_name = DType(constant.data.dtype.name).c_name
    return " ".join(filter(None, ("const", space, c_name, f"*{name}")))


def parameter(name: str, value: ParamValue) -> str:
    """The parameter of a function that takes such a number."""
    return f"{'float' if isinstance(value, float) else 'int32_t'} {name}"


class Field(NamedTuple):
    """A field of a struct."""

    text: str
    nbytes: int


def narrow_fields(values: Mapping[str, Sequence[ParamValue]]) -> list[Field]:
    """The fields for parameters that take these values, in the narrowest types; wide ones first,
    so that nothing lies between them."""
    fields = []
    for name, each in values.items():
        numbers = np.array(each)
        width = _width(numbers)
        c_name = "float" if numbers.dtype.kind == "f" else f"int{8 * width}_t"
        count = numbers.shape[1] if numbers.ndim > 1 else 0
        text = f"{c_name} {name}[{count}]" if count else f"{c_name} {name}"
        fields.append((-width, Field(text, width * max(count, 1))))
    return [field for _, field in sorted(fields, key=lambda one: one[0])]


def _width(numbers: Array) -> int:
    """Bytes of the narrowest type that holds all of these."""
    if numbers.dtype.kind == "f":
        return 4
    low, high = int(numbers.min()), int(numbers.max())
    return next(n for n in (1, 2, 4) if -(1 << 8 * n - 1) <= low and high < 1 << 8 * n - 1)


def read_of(pointer: str, name: str, value: ParamValue) -> str:
    """What reads such a field of the struct that `pointer` points to."""
    if isinstance(value, tuple):
        return "{" + ", ".join(f"{pointer}->{name}[{i}]" for i in range(len(value))) + "}"
    return f"{pointer}->{name}"


def _const(constant: Constant, qualifier: str, c_name: str | None = None, storage: str = "") -> str:
    dtype = constant.data.dtype
    align = f"alignas({constant.align})" if constant.align > dtype.itemsize else ""
    # What a compiler may change it keeps in RAM.
    const = ("const", qualifier) if constant.place is Place.FLASH else ()
    return " ".join(filter(None, (align, storage, *const, c_name or DType(dtype.name).c_name)))


def value(of: ParamValue) -> str:
    """A parameter's value."""
    if isinstance(of, tuple):
        return "{" + ", ".join(number(v) for v in of) + "}"
    return number(of)


def kernel_header(kernel: Kernel) -> str:
    """The header that defines the kernel, as it is included."""
    return f"{kernel.set}/tg_{kernel.name}.h"


def kernel_symbol(kernel: Kernel) -> str:
    """The kernel's function; its struct is that and `_params`.

    A set's name has no underscore, so that no two kernels have one symbol.
    """
    if not _SET.fullmatch(kernel.set) or not _KERNEL.fullmatch(kernel.name):
        raise ValueError(f"{kernel} is no name of a kernel")
    return f"tg_{kernel.set}_{kernel.name}"


def initializer(fields: Mapping[str, ParamValue | str], indent: str = "    ") -> str:
    """The fields of a struct, filled with values, or with what a text names."""
    items = [
        f".{key} = {given if isinstance(given, str) else value(given)}"
        for key, given in fields.items()
    ]
    lines: list[str] = []
    line = indent
    for item in items:
        if len(line) + len(item) + 2 > _LINE and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += f"{item}, "
    lines.append(line.rstrip())
    return "\n".join(lines)


def shape(tensor: Tensor | Edge) -> str:
    """A shape as comments show it: [1, 8, 8, 1]."""
    return "[" + ", ".join(str(d) for d in tensor.shape) + "]"


def edge(edge: Edge) -> dict[str, object]:
    """An input or output of the model, as its struct and its comment say it."""
    return {
        "comment": comment(f'"{edge.name}" {shape(edge)}, {_meaning(edge)}'),
        "c_type": edge.dtype.c_name,
        "type": edge.dtype.name,
        "bytes": edge.nbytes,
        "string": string(edge.name),
        "elements": edge.elements,
        "rank": len(edge.shape),
        "dims": ", ".join(f"{d}u" for d in edge.shape) or "1u",
        "scale": number(edge.scale),
        "zero_point": edge.zero_point,
    }


def _meaning(edge: Edge) -> str:
    """What the values of an edge are."""
    codes = f"scale {edge.scale:.9g}, zero point {edge.zero_point}"
    if edge.dtype is DType.INT8:
        return codes
    if edge.dtype is DType.FLOAT32:
        return f"float, of codes with {codes}"
    if edge.dtype is DType.INT32:
        return "int32" if edge.limit is None else f"int32 from 0 to {edge.limit - 1}"
    return f"{edge.dtype.value}, {codes}"


def hash_bytes(sha256: str) -> str:
    """A SHA-256 in hexadecimal as the body of an array initializer, two rows."""
    data = bytes.fromhex(sha256)
    rows = [", ".join(f"0x{b:02x}" for b in data[i : i + 16]) for i in range(0, 32, 16)]
    return "\n    " + ",\n    ".join(rows) + "\n"
