"""An NPU beside the processor, by estimates."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.report.text.tables import columns, in_bytes

if TYPE_CHECKING:
    from tinygen.api.npu import NpuComparison


def npu_part(npu: NpuComparison) -> RenderableType:
    """What each takes, which operators the NPU does not compute, and that nothing is proven."""
    one = npu.estimate
    table = columns("estimated", "cycles", "RAM", "flash")
    table.add_row(one.npu, f"{one.cycles:,}", in_bytes(one.sram_bytes), in_bytes(npu.model_bytes))
    table.add_row(
        f"aot, {npu.board}",
        f"{npu.aot_cycles:,}",
        in_bytes(npu.aot_arena_bytes),
        in_bytes(npu.aot_flash_bytes),
    )
    lines = [
        f"{npu.not_proven}.",
        f"Vela {one.vela}, {one.system}, {one.clock_hz // 1_000_000} MHz. The NPU's flash is the "
        "model that Vela wrote, without interpreter and driver; aot's is of its layers.",
        f"On the NPU: {_kinds([o.operator for o in npu.operators if o.on_npu])}, as "
        f"{npu.streams} command stream{'' if npu.streams == 1 else 's'}.",
    ]
    if one.dram_bytes:
        lines.append(f"Beside its RAM the NPU takes {in_bytes(one.dram_bytes)} of DRAM.")
    if npu.left:
        lines.append(f"On the processor: {_kinds(npu.left)}.")
    for place in (o for o in npu.operators if not o.on_npu):
        lines.append(f"  {place.index} {place.operator} ({place.output})")
    return Group(table, *(Text(line) for line in lines))


def _kinds(operators: list[str] | tuple[str, ...]) -> str:
    """How many of each, the first first."""
    counted = Counter(operators)
    return ", ".join(f"{count} {kind}" for kind, count in counted.items()) or "nothing"
