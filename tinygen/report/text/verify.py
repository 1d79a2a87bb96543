"""The verdict, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tinygen.data.labels import numbered
from tinygen.report.text.rating import rating_parts
from tinygen.report.text.tables import (
    amount,
    build_name,
    called,
    decibel,
    fact_table,
    in_bytes,
    next_command,
    number,
    page,
    ruled,
    share,
)

if TYPE_CHECKING:
    from tinygen.api.verify import VerifyResult
    from tinygen.proof.verdict import Distance, OutputReport, RealDistance

_FEW_LSB = 3
VERDICT_STYLE = {
    "MATCH": "bold green",
    "MISMATCH": "bold red",
    "UNVERIFIED": "bold yellow",
    "WITHIN": "bold yellow",
}


def verify_report(result: VerifyResult) -> RenderableType:
    """The verdict first, then what it rests on; of several models one after the other."""
    if not result.models:
        return _one_report(result)
    name, count = result.verdict.value, len(result.models)
    verdicts = ", ".join(f"{one.c_name} {one.verdict.value}" for one in result.models)
    head = Text.assemble((name, VERDICT_STYLE[name]), f"  of {count} models: {verdicts}")
    return page(head, *map(_one_report, result.models))


def _one_report(result: VerifyResult) -> RenderableType:
    name = result.verdict.value
    head = Text.assemble((name, VERDICT_STYLE[name]), f"  {_verdict_line(result)}")
    rows = [
        ("model", f"{called(result)}  (sha256 {result.model_sha256[:12]})"),
        ("device", f"{result.board}, engine {result.engine}, {result.port}"),
        ("firmware", build_name(result.build_id, result.device.compiler if result.device else "")),
        ("oracle", result.oracle),
        _vectors(result),
    ]
    if result.data == "random":
        rows.append(("calibration data", "RANDOM: the model's accuracy means nothing"))
    if result.cost is not None:
        cost = result.cost
        emulated = " (not cycles)" if cost.unit == "instructions" else ""
        rows.append(("per inference", f"{amount(cost.unit, cost.mean)}{emulated}"))
        if cost.minimum != cost.maximum:
            rows.append(("  least, most", amount(cost.unit, cost.minimum, cost.maximum)))
        if cost.unit != "instructions" and cost.deviation:
            spread = amount(cost.unit, cost.median, cost.deviation)
            rows.append(("  median, standard deviation", spread))
    if result.cost is not None and result.startup is not None:
        rows.append(("to start", amount(result.cost.unit, result.startup)))
    rows += [("classes", numbered(o.labels)) for o in result.outputs if o.labels]
    rows += _arena_rows(result)
    if result.stack_used_bytes is not None:
        rows.append(("stack, most used", in_bytes(result.stack_used_bytes)))
    if result.reset:
        rows.append(("last start", result.reset))
    if result.fault:
        rows.append(("before that", result.fault))
    if result.baud is not None:
        rows.append(("serial line", f"{result.baud:,} baud"))
    if result.retries:
        rows.append(("requests repeated", f"{result.retries}"))
    if result.reconnects:
        rows.append(("port lost and found", f"{result.reconnects}"))
    rows.append(
        ("time", f"{result.seconds:.1f} s of {result.limit_seconds:,.0f} s allowed{_rate(result)}")
    )
    parts: list[RenderableType] = [head]
    if result.why:
        parts.append(Text(f"why: {result.why}"))
    parts.append(fact_table(rows))
    if result.outputs:
        parts.append(_outputs(result.outputs, result.litert))
    if any(o.float_model or o.float_model_made for o in result.outputs):
        parts.append(_float_table(result))
    parts += rating_parts(result.accuracy, result.regression, result.board)
    if result.doubt:
        parts.append(Text(f"the oracle is in doubt: {result.doubt}", "yellow"))
    if result.first_mismatch is not None:
        first = result.first_mismatch
        label = "" if first.label is None else f" ({first.label})"
        parts.append(
            Text(
                f"first difference: vector {first.vector} ({first.origin}), output "
                f"{first.output}, element {first.element}{label}: expected {first.expected}, "
                f"device {first.device}"
            )
        )
    if result.next_step:
        parts.append(next_command(result.next_step))
    return page(*parts)


def _rate(result: VerifyResult) -> str:
    rate = result.vectors_per_second
    return "" if rate is None else f", {rate:,.3g} vectors a second on this host"


def _vectors(result: VerifyResult) -> tuple[str, str]:
    total = f"{result.vectors_total:,}"
    if result.samples is None:
        return "vectors", f"{result.vectors:,} of {total}"
    lost = "" if result.vectors == result.vectors_total else f" of {total}"
    return "samples", f"{result.vectors:,}{lost} of {result.samples}"


def _arena_rows(result: VerifyResult) -> Iterable[tuple[str, str]]:
    if result.arena_bytes is None or result.arena_used_bytes is None:
        return
    yield "arena", in_bytes(result.arena_bytes)
    if result.arena_enough_bytes is not None:
        less = result.arena_bytes - result.arena_enough_bytes
        yield "", f"--arena {result.arena_enough_bytes} would do: {in_bytes(less)} less"
        yield "", result.arena_command
    elif result.arena_used_bytes < result.arena_bytes:
        yield "", f"{in_bytes(result.arena_used_bytes)} of it in use; starting takes some more"


def _verdict_line(result: VerifyResult) -> str:
    if result.verdict.value == "MATCH":
        return f"{result.elements:,} output elements, 0 mismatched"
    if result.verdict.value == "WITHIN":
        return (
            f"{result.atol_lsb} LSB, not bit for bit: {result.mismatched_elements:,} of "
            f"{result.elements:,} output elements differ, by up to {result.max_abs_diff_lsb} LSB"
        )
    if result.verdict.value == "MISMATCH":
        return (
            f"{result.mismatched_elements:,} of {result.elements:,} output elements differ, "
            f"by up to {result.max_abs_diff_lsb} LSB"
        )
    return result.reason


def _outputs(outputs: Sequence[OutputReport], litert: str | None) -> RenderableType:
    table = ruled(
        "against the oracle", "wrong", "max", "RMSE", "MAE", "rel. L2", "cosine", "argmax"
    )
    for output in outputs:
        table.add_row(output.name, *_distance(output.device))
        if output.litert is not None:
            table.add_row(f"  {litert}", *_distance(output.litert))
    notes = [Text("max, RMSE and MAE in LSB, one step of the output's codes")]
    if any(o.litert is not None and o.litert.max_abs_diff_lsb > _FEW_LSB for o in outputs):
        notes.append(
            Text(
                "LiteRT rounds once where TensorFlow Lite Micro rounds twice: a step here and "
                "there in each layer, which later layers add up"
            )
        )
    return Group(table, *notes)


def _distance(d: Distance) -> tuple[str, ...]:
    return (
        f"{d.mismatched_elements:,}",
        f"{d.max_abs_diff_lsb}",
        f"{d.rmse_lsb:.3g}",
        f"{d.mae_lsb:.3g}",
        f"{d.relative_l2:.2g}",
        f"{d.cosine:.5f}",
        share(d.argmax_agreement),
    )


def _float_table(result: VerifyResult) -> RenderableType:
    """The figure is the data's; what made inputs give stands apart from it, named."""
    table = ruled("against float", "vectors", "SQNR", "RMSE", "max difference", "same argmax")
    for output in result.outputs:
        made = result.vectors - output.float_vectors
        _float_row(table, output.name, output.float_vectors, output.float_model)
        _float_row(table, "  edge, random", made, output.float_model_made)
    more = ruled("error against float", "mean", "std", "MAE", "rel. L2", "cosine", "N-S")
    for output in result.outputs:
        if (d := output.float_model) is not None:
            values = f"{d.mean_error:.3g}", f"{d.std_error:.3g}", f"{d.mae:.3g}"
            more.add_row(output.name, *values, *_shape_of(d))
    notes = "in real values; nobody calibrated for the edge and random vectors"
    if more.row_count:
        efficiency = Text("N-S: Nash-Sutcliffe efficiency, 1 is equal, 0 no better than the mean")
        return Group(table, Text(notes), "", more, efficiency)
    return Group(table, Text(notes))


def _shape_of(d: RealDistance) -> tuple[str, str, str]:
    return f"{d.relative_l2:.2g}", f"{d.cosine:.5f}", number(d.nash_sutcliffe)


def _float_row(table: Table, name: str, vectors: int, d: RealDistance | None) -> None:
    if d is not None:
        table.add_row(
            name,
            f"{vectors}",
            decibel(d.sqnr_db),
            f"{d.rmse:.4g}",
            f"{d.max_abs_diff:.4g}",
            share(d.argmax_agreement),
        )
