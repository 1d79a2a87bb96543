"""The harness itself: it must see what it is there to see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tests.ops.c_struct import fields
from tests.ops.cores import KERNELS
from tests.ops.harness import CORES, Case, case, check, check_on_core, check_on_host, int8
from tinygen import csource
from tinygen.boards import Extension
from tinygen.engines.aot.offers import Candidate, Cost, Declined, KernelSet, Site
from tinygen.ir import (
    Array,
    Constant,
    Kernel,
    KernelCall,
    Lowered,
    Op,
    Operands,
    Overlap,
    ParamValue,
    Shape,
    Values,
    portable,
)

_GOOD = "for (int32_t i = 0; i < p->count; ++i) output[i] = (int8_t)(input[i] ^ p->mask[0]);"


@dataclass(frozen=True, eq=False)
class _Flip(Op):
    """Inverts the bits of its input; `params` are what the call fills in."""

    params: tuple[tuple[str, ParamValue], ...] = (("count", 6), ("mask", (-1, 0)))
    scratch_bytes: int = 0
    overlap_bytes: int = 6

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
            {"unused": Constant(np.zeros(1, np.int8), align=16)},
            scratch_bytes=self.scratch_bytes,
            overlaps=(Overlap(0, 0, self.overlap_bytes),),
        )
        return (call,)


def _kernel(folder: Path, body: str, scratch: str = "") -> Path:
    (folder / "portable").mkdir()
    (folder / "portable" / "tg_flip.h").write_text(
        '#include "tg_fixed_point.h"\n'
        "struct tg_portable_flip_params {\n"
        "  int32_t count; /* elements; not a field */\n"
        "  int8_t mask[2];\n"
        "  const int8_t *unused; // nor this\n"
        "};\n"
        "TG_INLINE void tg_portable_flip(const struct tg_portable_flip_params *p,"
        f" const int8_t *input, int8_t *output{scratch}) {{ {body} }}\n"
    )
    return folder


def _case(op: _Flip | None = None) -> Case:
    return case(op or _Flip(), [int8((2, 3))], [int8()])


def test_a_right_kernel_passes_also_in_place(tmp_path: Path) -> None:
    check([_case()], tmp_path, _kernel(tmp_path, _GOOD))
    assert (tmp_path / "cases.c").read_text().count("case_0_1();") == 4


def test_an_output_may_reach_into_its_input_only_so_far(tmp_path: Path) -> None:
    """A kernel that spoils four elements ahead of reading them."""
    body = "for (int32_t i = 0; i < p->count; i += 4) {"
    body += "for (int k = 0; k < 4; ++k) output[i + k] = 0;"
    body += "for (int k = 0; k < 4; ++k) output[i + k] = (int8_t)~input[i + k]; }"
    kernels = _kernel(tmp_path, body)
    right = _Flip((("count", 512), ("mask", (-1, 0))), overlap_bytes=508)
    check([case(right, [int8((2, 256))], [int8()])], tmp_path, kernels)
    wrong = [case(replace(right, overlap_bytes=512), [int8((2, 256))], [int8()])]
    with pytest.raises(pytest.fail.Exception, match="in place, vector 0"):
        check_on_host(wrong, tmp_path, kernels)
    with pytest.raises(pytest.fail.Exception, match="in place, vector 0"):
        check_on_core(wrong, CORES[0], tmp_path, kernels)


def test_a_kernel_with_scratch_passes(tmp_path: Path) -> None:
    body = "int8_t *copy = scratch; for (int i = 0; i < 6; ++i) copy[i] = (int8_t)~input[i];"
    body += "for (int32_t i = 0; i < p->count; ++i) output[i] = copy[i];"
    check([_case(_Flip(scratch_bytes=6))], tmp_path, _kernel(tmp_path, body, ", void *scratch"))


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


def test_what_only_the_core_computes_wrong_fails(tmp_path: Path) -> None:
    body = _GOOD + "\n#ifdef __arm__\n output[p->count - 1] ^= 1;\n#endif\n"
    with pytest.raises(pytest.fail.Exception, match=r"on cortex-m4 -O2.*\n.*1 of 6 bytes differ"):
        check([_case()], tmp_path, _kernel(tmp_path, body))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("output[p->count] = 0;", "written where no tensor is"),
        ("((int8_t *)input)[0] = (int8_t)~input[0];", "1 of 6 bytes differ, of an input"),
    ],
    ids=["beside the output", "the input"],
)
def test_what_is_written_elsewhere_fails_on_the_core(
    tmp_path: Path, body: str, message: str
) -> None:
    kernels = _kernel(tmp_path, _GOOD + body)
    with pytest.raises(pytest.fail.Exception, match=message):
        check_on_core([_case()], CORES[0], tmp_path, kernels)


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
    assert re.search(rf"TG_INLINE void {symbol}\(\s*const struct {symbol}_params \*p,", text)


class Fast(KernelSet):
    """A set with a kernel for FLIP whose header no host compiler takes."""

    name = "fast"
    requires = frozenset({Extension.DSP})
    build_flags: ClassVar[tuple[str, ...]] = ("-DFAST_FLAG",)

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        if site.io.input(0).elements < 6:
            yield Declined("too few")
            return
        (call,) = site.node.op.lower(site.io)
        assert isinstance(call, KernelCall)
        fast = replace(call, kernel=Kernel("fast", "flip"))
        yield Candidate((site.node,), (fast,), Cost(1, 1, 1))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (_GOOD, ""),
        (_GOOD.replace("= 0", "= 1"), r"cortex-m4 -O2(.*\n)+.*fast 0.* 1 of 6 bytes differ"),
    ],
    ids=["right", "wrong"],
)
def test_any_set_is_tested_where_it_runs(tmp_path: Path, body: str, message: str) -> None:
    text = (_kernel(tmp_path, body) / "portable" / "tg_flip.h").read_text()
    (tmp_path / "fast").mkdir()
    needs = "#if !defined(__ARM_FEATURE_DSP) || !defined(FAST_FLAG)\n#error not here\n#endif\n"
    (tmp_path / "fast" / "tg_flip.h").write_text(needs + text.replace("portable", "fast"))
    cases = [_case(), case(_Flip(), [int8((2, 1))], [int8()])]
    if message:
        with pytest.raises(pytest.fail.Exception, match=message):
            check(cases, tmp_path, tmp_path, Fast())
    else:
        check(cases, tmp_path, tmp_path, Fast())
    with pytest.raises(AssertionError, match="none of the cases"):
        check(cases[1:], tmp_path, tmp_path, Fast())


class Second(Fast):
    """A set with a right kernel and one that is wrong, for the same node."""

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        for answer in super().offers(site):
            yield answer
            assert isinstance(answer, Candidate)
            (call,) = answer.calls
            assert isinstance(call, KernelCall)
            wrong = replace(call, params={**call.params, "mask": (1, 0)})
            yield replace(answer, calls=(wrong,), cost=Cost(2, 2, 2))


def test_every_candidate_of_a_case_is_run(tmp_path: Path) -> None:
    """Not the first one again for each: nodes that are alike get one answer elsewhere."""
    text = (_kernel(tmp_path, _GOOD) / "portable" / "tg_flip.h").read_text()
    (tmp_path / "fast").mkdir()
    (tmp_path / "fast" / "tg_flip.h").write_text(text.replace("portable", "fast"))
    with pytest.raises(pytest.fail.Exception, match=r"fast 1, vector 0: 6 of 6 bytes differ"):
        check([_case()], tmp_path, tmp_path, Second())
