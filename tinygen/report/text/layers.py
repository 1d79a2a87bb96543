"""The layer that is wrong, and what each layer takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.report.text.tables import (
    build_name,
    columns,
    count,
    fact_table,
    next_command,
    page,
    share,
)
from tinygen.report.text.verify import VERDICT_STYLE

if TYPE_CHECKING:
    from tinygen.api.layers import GuiltyLayer, LayersResult
    from tinygen.api.plain import Plain
    from tinygen.api.profile import ProfileResult
    from tinygen.proof.difference import Difference


def layers_report(result: LayersResult) -> RenderableType:
    """The verdict first, then the layer, then what speaks for what."""
    name = result.verdict.value
    reason = result.reason or f"every one of {result.layers} layers is right"
    rows = [
        ("model", f"{result.model}, engine {result.engine}, kernels {result.kernel_set}"),
        ("device", f"{result.board}, {result.port}"),
        ("firmware", f"{build_name(result.build_id)}, which notes its layers"),
        ("oracle", result.oracle),
        ("vectors", f"{result.vectors}, looked into {result.vectors_looked_into}"),
        ("time", f"{result.seconds:.1f} s on this host"),
    ]
    parts: list[RenderableType] = [Text.assemble((name, VERDICT_STYLE[name]), f"  {reason}")]
    if result.why:
        parts.append(Text(f"why: {result.why}"))
    if result.guilty is not None:
        parts.append(fact_table(_guilty_rows(result.guilty)))
    parts.append(fact_table(rows))
    if result.next_step:
        parts.append(next_command(result.next_step))
    return page(*parts)


def _guilty_rows(guilty: GuiltyLayer) -> list[tuple[str, str]]:
    chosen = f", {guilty.why_this_kernel}" if guilty.why_this_kernel else ""
    rows = [
        ("layer", f"{guilty.layer} of {guilty.layers}, {' + '.join(guilty.operators)}"),
        ("Keras layer", ", ".join(guilty.keras_layers)),
        ("kernel", f"{guilty.kernel_set}/{guilty.kernel}{chosen}"),
        ("vector", f"{guilty.vector} ({guilty.origin})"),
    ]
    if guilty.difference is None:
        rows.append(("it is", "right when it is computed once more: it is not always the same"))
    else:
        rows += _difference_rows(guilty.difference)
    if guilty.inputs_intact is False:
        by = (
            "before it began"
            if guilty.overwritten_by is None
            else f"by layer {guilty.overwritten_by}"
        )
        rows.append(("its inputs", f"{guilty.damaged_input}, was overwritten {by}"))
        rows.append(("suggests", "a kernel that writes where it should not, or the memory plan"))
    else:
        if guilty.inputs_intact:
            rows.append(("its inputs", "are right when it begins: it is this layer that is wrong"))
        if guilty.difference is not None:
            rows.append(("suggests", guilty.difference.suggests))
    if guilty.outputs_right:
        rows.append(("the outputs", "are right all the same: later layers hide it here"))
    if guilty.plain is not None:
        rows.append(("plain kernel", _plain(guilty.plain)))
    elif not guilty.workaround and guilty.inputs_intact is not False:
        rows.append(("plain kernel", "it is the plain one: the compiler, or an edit, is at fault"))
    return rows


def _difference_rows(found: Difference) -> list[tuple[str, str]]:
    rows = [
        ("wrong", f"{found.wrong:,} of {found.elements:,} elements, {found.where}"),
        ("first", f"at {_place(found.first)}: {found.expected:g}, device {_value(found.device)}"),
    ]
    if found.largest is not None and found.mean is not None:
        rows.append(("by", f"up to {found.largest:g}, {found.mean:+.3g} in the mean"))
    rows.append(("it is", found.like.value + (f": {found.detail}" if found.detail else "")))
    return rows


def _place(place: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, place)) + "]"


def _value(value: float | None) -> str:
    return "no number" if value is None else f"{value:g}"


def _plain(plain: Plain) -> str:
    name = f"{plain.kernel_set}/{plain.kernel}"
    if plain.agrees is None:
        return f"{name} was not tried: {plain.why}"
    if plain.agrees:
        return f"{name} computes what the host does in its place: the optimized one is wrong"
    return f"{name} is wrong in its place too: not the optimized kernel alone"


def profile_report(result: ProfileResult) -> RenderableType:
    """What each layer takes, and by what it is computed and why."""
    table = columns("#", "layer", result.unit, "share", "MACs", "MACs/instr.")
    sizes = columns("#", "kernel", "code", "constants", "RAM", "cycles")
    for layer in result.layers:
        table.add_row(
            f"{layer.layer}",
            f"{' + '.join(layer.operators)} {layer.output}",
            f"{layer.amount:,}",
            share(layer.share),
            f"{layer.macs:,}",
            "-" if layer.macs_per_instruction is None else f"{layer.macs_per_instruction:.2f}",
        )
        sizes.add_row(
            f"{layer.layer}",
            f"{layer.kernel_set}/{layer.kernel}",
            count(layer.code_bytes),
            f"{layer.constant_bytes:,}",
            f"{layer.ram_bytes:,}",
            count(layer.modelled_cycles),
        )
    table.add_row("", "between", f"{result.between:,}", _between(result), "", "")
    rows = [
        ("model", f"{result.model}, engine {result.engine}, kernels {result.kernel_set}"),
        ("device", f"{result.board}, {result.port}"),
        ("firmware", f"{build_name(result.build_id)}, which notes its layers"),
        ("per inference", f"{result.inference:,} {result.unit}, the mean of {result.vectors}"),
    ]
    notes = [
        Text(
            "code is of the layer's function, its part where layers share it, without what kernels "
            "share; RAM is what of the arena is in use then; all in bytes"
        ),
    ]
    if result.modelled_cycles is not None:
        rows.append(("modelled", f"{result.modelled_cycles:,} cycles, not measured"))
        notes.append(
            Text(
                "cycles are a model: each kernel's for an instruction, by the timings of a "
                "Cortex-M4's manual (of mve an estimate), times what was counted"
            )
        )
    reasons: dict[str, list[str]] = {}
    for layer in result.layers:
        if layer.why:
            told = f"{layer.kernel_set}/{layer.kernel}: {layer.why}"
            reasons.setdefault(told, []).append(str(layer.layer))
    chosen = [
        Text(f"{why} ({'layers' if len(which) > 1 else 'layer'} {', '.join(which)})")
        for why, which in reasons.items()
    ]
    return page(
        fact_table(rows), table, Group(sizes, *notes), *([Group(*chosen)] if chosen else [])
    )


def _between(result: ProfileResult) -> str:
    return share(result.between / result.inference if result.inference else 0.0)
