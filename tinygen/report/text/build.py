"""A project that was rendered or built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType

from tinygen.data.labels import numbered
from tinygen.ir import PORTABLE
from tinygen.printable import shell_word
from tinygen.report.text.fidelity import fidelity_parts
from tinygen.report.text.mix import mix_parts
from tinygen.report.text.tables import (
    arena_rows,
    build_name,
    called,
    decibel,
    fact_table,
    in_bytes,
    next_command,
    page,
    ruled,
    share,
)

if TYPE_CHECKING:
    from tinygen.api.build import BuildResult, GenerateResult
    from tinygen.engines import Estimate, LayerKernel
    from tinygen.proof.fidelity import Fidelity

_PLACES = {
    "heap": "from the heap: too large for a variable on this board",
    "external": "from the RAM outside of the chip, which is slower: too large for the chip's own",
}


def generate_report(result: GenerateResult) -> RenderableType:
    """A rendered project."""
    return page(
        fact_table(_generated_rows(result)),
        *_kernels(result.choices),
        *_fidelity(result.fidelity),
        *fidelity_parts(result.layer_fidelity),
        *mix_parts(result.mix),
        *_others(result.others),
        next_command(f"pio run -d {shell_word(result.project)}", "or tinygen build to build it"),
    )


def build_report(result: BuildResult) -> RenderableType:
    """A built project, its sizes against the board's."""
    generated, sizes = result.generated, result.sizes
    table = ruled("memory", "used", "of board", "share")
    for name, used, total in (
        ("flash", sizes.flash, result.flash_available),
        ("RAM", sizes.ram, result.ram_available),
    ):
        table.add_row(name, in_bytes(used), in_bytes(total), f"{100 * used / total:.1f} %")
    for name, used in (
        *([("  arena", sizes.arena)] if sizes.arena else []),  # it may lie on the heap
        ("  stack, reserved", sizes.stack),
        ("  other static", sizes.ram_static),
    ):
        table.add_row(name, in_bytes(used), "", "")
    return page(
        fact_table(
            [
                *_generated_rows(generated),
                ("firmware", build_name(result.build_id)),
                ("built in", f"{result.seconds:.1f} s"),
            ]
        ),
        table,
        *_kernels(generated.choices),
        *_fidelity(generated.fidelity),
        *fidelity_parts(generated.layer_fidelity),
        *mix_parts(generated.mix),
        *_others(generated.others),
        next_command("tinygen flash", "then tinygen verify"),
    )


def _others(results: Sequence[GenerateResult]) -> Iterable[RenderableType]:
    """The further models of a firmware."""
    for result in results:
        yield fact_table(_generated_rows(result))
        yield from _kernels(result.choices)
        yield from _fidelity(result.fidelity)
        yield from fidelity_parts(result.layer_fidelity)
        yield from mix_parts(result.mix)


def _generated_rows(result: GenerateResult) -> list[tuple[str, str]]:
    data = {None: "none needed: the model is int8 already", "random": "RANDOM: not real data"}.get(
        result.data, result.data
    )
    return [
        ("model", f"{called(result)}  (sha256 {result.model_sha256[:12]})"),
        ("opened by", result.loader),
        ("calibration data", str(data)),
        ("board, engine", f"{result.board}, {result.engine} ({result.kernel_set} kernels)"),
        ("kernel calls", f"{result.layers}"),
        ("work", f"{result.macs:,} MACs per inference"),
        *((("optimized for", _estimated(result.estimate)),) if result.estimate else ()),
        ("constants", in_bytes(result.constant_bytes)),
        *arena_rows(result.arena_bytes, result.arena_minimum_bytes, result.arena_peak),
        *((("", _PLACES[place]),) if (place := result.arena_place.value) in _PLACES else ()),
        *(("", note) for note in result.notes),
        ("test vectors", f"{result.vectors}, expected by {result.oracle}"),
        *((("classes", numbered(result.classes)),) if result.classes else ()),
        ("project", str(result.project)),
    ]


def _estimated(estimate: Estimate) -> str:
    """What the kernels take, beside portable ones alone where these are others."""
    cycles, flash = f"{estimate.cycles:,} cycles", in_bytes(estimate.flash)
    said = f"{estimate.optimized_for}: {cycles} and {flash} for layers, estimated"
    if (estimate.cycles, estimate.flash) == (estimate.portable_cycles, estimate.portable_flash):
        return said
    portable = f"{estimate.portable_cycles:,} and {in_bytes(estimate.portable_flash)}"
    return f"{said}; portable alone {portable}"


def _kernels(choices: Sequence[LayerKernel]) -> Iterable[RenderableType]:
    """Layer by layer, where there was something to choose: what was taken and why, and the best of
    what was not."""
    if not any(choice.others for choice in choices):
        return
    table = ruled("kernels", "kernel", "why", "cycles", "of others")
    for choice in choices:
        known = [o.estimated_cycles for o in choice.others if o.estimated_cycles is not None]
        table.add_row(
            f"{choice.layer} {' + '.join(choice.operators)}\n{choice.output}",
            f"{choice.kernel_set}\n{choice.kernel}",
            choice.why,
            f"{choice.estimated_cycles:,}",
            f"{min(known):,}" if known else "",
        )
    yield table
    yield "cycles are estimated; of others: the fewest of a kernel that was not taken"
    yield from _declined(choices)


def _declined(choices: Sequence[LayerKernel]) -> Iterable[str]:
    """Why layers have portable kernels where there are other sets, each reason once."""
    reasons: dict[str, dict[int, None]] = {}
    for choice in choices:
        for other in choice.others if choice.kernel_set == PORTABLE else ():
            if other.estimated_cycles is None and other.kernel_set != PORTABLE:
                reasons.setdefault(f"{other.kernel_set}: {other.why}", {})[choice.layer] = None
    if reasons:
        said = (f"  {why} (layer {', '.join(map(str, at))})" for why, at in reasons.items())
        yield "\n".join(("no kernel of another set:", *said))


def _fidelity(reports: Sequence[Fidelity]) -> Iterable[RenderableType]:
    if not reports:
        return
    table = ruled(
        f"{reports[0].codes} against float", "samples", "SQNR", "same argmax", "max difference"
    )
    for report in reports:
        d = report.distance
        table.add_row(
            report.output,
            f"{report.samples}",
            decibel(d.sqnr_db),
            share(d.argmax_agreement),
            f"{d.max_abs_diff:.4g}",
        )
    yield table
