"""The harness itself: it must see what it is there to see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.ops.c_struct import fields
from tests.ops.harness import KERNELS, Case, case, check, int8
from tinygen import csource
from tinygen.ir import Array, KernelCall, Lowered, Op, Operands, ParamValue, Shape, Values, portable

_GOOD = "for (int32_t i = 0; i < p->count; ++i) output[i] = (int8_t)(input[i] ^ p->mask[0]);"


@dataclass(frozen=True, eq=False)
class _Flip(Op):
    """Inverts the bits of its input; `params` are what the call fills in."""

    params: tuple[tuple[str, ParamValue], ...] = (("count", 6), ("mask", (-1, 0)))

    kind = "FLIP"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return (~values[0],)

    def kernels(self, io: Operands) -> Lowered:
        call = KernelCall(
            portable("flip"),
            (io.input(0).id,),
            (io.output.id,),
            dict(self.params),
            {"unused": np.zeros(1, np.int8)},
            in_place=((0, 0),),
        )
        return (call,)


def _kernel(folder: Path, body: str) -> Path:
    (folder / "portable").mkdir()
    (folder / "portable" / "tg_flip.h").write_text(
        '#include "tg_fixed_point.h"\n'
        "struct tg_portable_flip_params {\n"
        "  int32_t count; /* elements; not a field */\n"
        "  int8_t mask[2];\n"
        "  const int8_t *unused; // nor this\n"
        "};\n"
        "TG_INLINE void tg_portable_flip(const struct tg_portable_flip_params *p,"
        f" const int8_t *input, int8_t *output) {{ {body} }}\n"
    )
    return folder


def _case(op: _Flip | None = None) -> Case:
    return case(op or _Flip(), [int8((2, 3))], [int8()])


def test_a_right_kernel_passes_also_in_place(tmp_path: Path) -> None:
    check([_case()], tmp_path, _kernel(tmp_path, _GOOD))
    assert (tmp_path / "cases.c").read_text().count("case_0_1();") == 4


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (_GOOD.replace("= 0", "= 1"), "of 6 elements differ"),
        (_GOOD.replace("p->count", "p->count + 1"), "heap-buffer-overflow"),
        ("output[0] = input[0] * p->count;", "do not compile"),
        (_GOOD + " output[0] = (int8_t)(p->count << (32 + input[0]));", "runtime error"),
        (
            "for (int32_t i = 0; i < p->count; ++i) output[i] = (int8_t)~input[p->count - 1 - i];"
            "for (int32_t i = 0; i < p->count; ++i) output[i] = (int8_t)~input[i];",
            "in place",
        ),
    ],
    ids=["wrong", "overrun", "warning", "undefined", "not-in-place"],
)
def test_a_wrong_kernel_fails(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=message):
        check([_case()], tmp_path, _kernel(tmp_path, body))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ((("count", 6),), "nobody fills"),
        ((("count", 6), ("mask", (-1, 0)), ("more", 1)), "has no"),
        ((("count", 6), ("mask", (-1,))), "holds 2"),
        ((("count", 6), ("mask", -1)), "array"),
    ],
)
def test_a_call_that_does_not_fit_its_struct_fails(
    tmp_path: Path, params: tuple[tuple[str, ParamValue], ...], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        check([_case(_Flip(params))], tmp_path, _kernel(tmp_path, _GOOD))


@pytest.mark.parametrize(
    "path", sorted((KERNELS / "portable").glob("tg_*.h")), ids=lambda p: p.stem
)
def test_every_portable_kernel_has_its_struct_and_function(path: Path) -> None:
    kernel = portable(path.stem.removeprefix("tg_"))
    symbol = csource.kernel_symbol(kernel)
    text = path.read_text(encoding="utf-8")
    assert fields(text, kernel)
    assert f"TG_INLINE void {symbol}(const struct {symbol}_params *p," in text
