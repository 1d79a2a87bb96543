"""What people look at: results as tables that fit 80 columns, and as JSON.

Every number carries its unit. What is not known is left out or said, never shown as zero.
"""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tinygen.data.labels import numbered

if TYPE_CHECKING:
    from tinygen.api.bench import BenchResult
    from tinygen.api.build import BuildResult, GenerateResult
    from tinygen.api.flash import FlashResult, StopResult
    from tinygen.api.inspect import InspectResult
    from tinygen.api.setup import SetupResult
    from tinygen.api.verify import VerifyResult
    from tinygen.boards import Board
    from tinygen.proof.fidelity import Fidelity
    from tinygen.proof.verdict import Distance, OutputReport

WIDTH = 80
_BAR = " "
_WORDS = {"board", "operator", "core", "engines", "proven", _BAR}
"""Columns of text; all others hold numbers."""
_PLACES = {
    "heap": "from the heap: too large for a variable on this board",
    "external": "from the RAM outside of the chip, which is slower: too large for the chip's own",
}
_VERDICT_STYLE = {"MATCH": "bold green", "MISMATCH": "bold red", "UNVERIFIED": "bold yellow"}


def print_report(report: RenderableType) -> None:
    """To standard output: colours and lines on a terminal, plain text elsewhere."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(report)
        return
    plain = Console(highlight=False, width=WIDTH, color_system=None, file=io.StringIO())
    with plain.capture() as text:
        plain.print(report)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in text.get().splitlines()))


def generate_report(result: GenerateResult) -> RenderableType:
    """A rendered project."""
    return _page(
        _facts(_generated_rows(result)),
        *_fidelity(result.fidelity),
        _next(f"pio run -d {result.project}", "or tinygen build to build it"),
    )


def build_report(result: BuildResult) -> RenderableType:
    """A built project, its sizes against the board's."""
    generated, sizes = result.generated, result.sizes
    table = _table("memory", "used", "of board", "share")
    for name, used, total in (
        ("flash", sizes.flash, result.flash_available),
        ("RAM", sizes.ram, result.ram_available),
    ):
        table.add_row(name, _bytes(used), _bytes(total), f"{100 * used / total:.1f} %")
    for name, used in (
        *([("  arena", sizes.arena)] if sizes.arena else []),  # it may lie on the heap
        ("  stack, reserved", sizes.stack),
        ("  other static", sizes.ram_static),
    ):
        table.add_row(name, _bytes(used), "", "")
    return _page(
        _facts(
            [
                *_generated_rows(generated),
                ("firmware", _build(result.build_id)),
                ("built in", f"{result.seconds:.1f} s"),
            ]
        ),
        table,
        *_fidelity(generated.fidelity),
        _next("tinygen flash", "then tinygen verify"),
    )


def _generated_rows(result: GenerateResult) -> list[tuple[str, str]]:
    data = {None: "none needed: the model is int8 already", "random": "RANDOM: not real data"}.get(
        result.data, result.data
    )
    return [
        ("model", f"{result.model}  (sha256 {result.model_sha256[:12]})"),
        ("opened by", result.loader),
        ("calibration data", str(data)),
        ("board, engine", f"{result.board}, {result.engine} ({result.kernel_set} kernels)"),
        ("kernel calls", f"{result.layers}"),
        ("work", f"{result.macs:,} MACs per inference"),
        ("constants", _bytes(result.constant_bytes)),
        ("arena", _arena(result.arena_bytes, result.arena_minimum_bytes)),
        *((("", _PLACES[place]),) if (place := result.arena_place.value) in _PLACES else ()),
        *(("", note) for note in result.notes),
        ("test vectors", f"{result.vectors}, expected by {result.oracle}"),
        *((("classes", numbered(result.classes)),) if result.classes else ()),
        ("project", str(result.project)),
    ]


def _fidelity(reports: Sequence[Fidelity]) -> Iterable[RenderableType]:
    if not reports:
        return
    table = _table("int8 against float", "samples", "SQNR", "same argmax", "max difference")
    for report in reports:
        d = report.distance
        table.add_row(
            report.output,
            f"{report.samples}",
            _decibel(d.sqnr_db),
            _share(d.argmax_agreement),
            f"{d.max_abs_diff:.4g}",
        )
    yield table


def flash_report(result: FlashResult) -> RenderableType:
    """A device that answers."""
    rows = [
        ("running", f"{result.model} on {result.board}"),
        ("firmware", _build(result.build_id)),
        ("port", result.port),
        ("answered after", f"{result.seconds:.1f} s"),
    ]
    if result.pid is not None:
        rows.append(("emulator", f"process {result.pid}, ended by tinygen stop"))
    return Group(_facts(rows), _next("tinygen verify"))


def setup_report(result: SetupResult) -> RenderableType:
    """What was obtained."""
    rows = [("ready", result.what), ("revision", result.revision), ("kept in", str(result.folder))]
    return _facts(rows)


def stop_report(result: StopResult) -> RenderableType:
    """Whether anything was running."""
    state = "stopped" if result.stopped else "nothing was running"
    return Text(f"{state}: {result.project}")


def verify_report(result: VerifyResult) -> RenderableType:
    """The verdict first, then what it rests on."""
    name = result.verdict.value
    head = Text.assemble((name, _VERDICT_STYLE[name]), f"  {_verdict_line(result)}")
    rows = [
        ("model", f"{result.model}  (sha256 {result.model_sha256[:12]})"),
        ("device", f"{result.board}, engine {result.engine}, {result.port}"),
        ("firmware", _build(result.build_id, result.device.compiler if result.device else "")),
        ("oracle", result.oracle),
        ("vectors", f"{result.vectors} of {result.vectors_total}"),
    ]
    if result.data == "random":
        rows.append(("calibration data", "RANDOM: the model's accuracy means nothing"))
    if result.cost is not None:
        cost = result.cost
        emulated = " (not cycles)" if cost.unit == "instructions" else ""
        rows.append(("per inference", f"{cost.mean:,} {cost.unit}{emulated}"))
        if cost.minimum != cost.maximum:
            rows.append(("  least, most", f"{cost.minimum:,}, {cost.maximum:,} {cost.unit}"))
    if result.cost is not None and result.startup is not None:
        rows.append(("to start", f"{result.startup:,} {result.cost.unit}"))
    rows += [("classes", numbered(o.labels)) for o in result.outputs if o.labels]
    rows += _arena_rows(result)
    if result.stack_used_bytes is not None:
        rows.append(("stack, most used", _bytes(result.stack_used_bytes)))
    if result.retries:
        rows.append(("requests repeated", f"{result.retries}"))
    rows.append(("time", f"{result.seconds:.1f} s on this host"))
    parts: list[RenderableType] = [head, _facts(rows)]
    if result.outputs:
        parts.append(_outputs(result.outputs, result.litert))
    parts += [_float_table(result.outputs)] if any(o.float_model for o in result.outputs) else []
    if result.accuracy is not None:
        parts.append(_accuracy(result))
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
        parts.append(_next(result.next_step))
    return _page(*parts)


def _arena_rows(result: VerifyResult) -> Iterable[tuple[str, str]]:
    if result.arena_bytes is None or result.arena_used_bytes is None:
        return
    yield "arena", _bytes(result.arena_bytes)
    if result.arena_enough_bytes is not None:
        less = result.arena_bytes - result.arena_enough_bytes
        yield "", f"--arena {result.arena_enough_bytes} would do: {_bytes(less)} less"
    elif result.arena_used_bytes < result.arena_bytes:
        yield "", f"{_bytes(result.arena_used_bytes)} of it in use; starting takes some more"


def _verdict_line(result: VerifyResult) -> str:
    if result.verdict.value == "MATCH":
        return f"{result.elements:,} output elements, 0 mismatched"
    if result.verdict.value == "MISMATCH":
        return (
            f"{result.mismatched_elements:,} of {result.elements:,} output elements differ, "
            f"by up to {result.max_abs_diff_lsb} LSB"
        )
    return result.reason


def _outputs(outputs: Sequence[OutputReport], litert: str | None) -> RenderableType:
    table = _table(
        "against the oracle", "wrong", "max", "RMSE", "MAE", "rel. L2", "cosine", "argmax"
    )
    for output in outputs:
        table.add_row(output.name, *_distance(output.device))
        if output.litert is not None:
            table.add_row(f"  {litert}", *_distance(output.litert))
    return Group(table, Text("max, RMSE and MAE in LSB, one step of the int8 output"))


def _distance(d: Distance) -> tuple[str, ...]:
    return (
        f"{d.mismatched_elements:,}",
        f"{d.max_abs_diff_lsb}",
        f"{d.rmse_lsb:.3g}",
        f"{d.mae_lsb:.3g}",
        f"{d.relative_l2:.2g}",
        f"{d.cosine:.5f}",
        _share(d.argmax_agreement),
    )


def _float_table(outputs: Sequence[OutputReport]) -> RenderableType:
    table = _table("against the float model", "SQNR", "RMSE", "max difference", "same argmax")
    for output in outputs:
        d = output.float_model
        if d is not None:
            table.add_row(
                output.name,
                _decibel(d.sqnr_db),
                f"{d.rmse:.4g}",
                f"{d.max_abs_diff:.4g}",
                _share(d.argmax_agreement),
            )
    return Group(table, Text("over all vectors, edge and random inputs included; in real values"))


def _accuracy(result: VerifyResult) -> Table:
    accuracy = result.accuracy
    assert accuracy is not None
    table = _table(f"accuracy on {accuracy.vectors} labelled samples", "correct")
    table.add_row(f"{result.board} (device)", _share(accuracy.device, digits=2))
    table.add_row("host, int8 oracle", _share(accuracy.host_int8, digits=2))
    if accuracy.host_float is not None:
        table.add_row("host, float model", _share(accuracy.host_float, digits=2))
    return table


def bench_report(result: BenchResult) -> RenderableType:
    """Engines side by side: a column each."""
    names = [f"{row.engine} ({row.kernel_set})" for row in result.rows]
    table = _table(f"{result.model} on {result.board}", *names)

    def line(name: str, cells: Iterable[str]) -> None:
        table.add_row(name, *cells)

    rows = result.rows
    line("verdict", (row.verdict.value for row in rows))
    unit = next((row.unit for row in rows if row.unit), "cost")
    line(f"{unit} per inference", (_count(row.per_inference) for row in rows))
    line(f"{unit} at start-up", (_count(row.startup) for row in rows))
    line("flash, code", (_bytes(row.flash_code) for row in rows))
    line("flash, model", (_bytes(row.flash_model) for row in rows))
    line("static RAM", (_bytes(row.static_ram) for row in rows))
    line("arena", (_bytes(row.arena) for row in rows))
    line("stack, most used", (f"{_count(row.stack_used)} bytes" for row in rows))
    return Group(table, Text(f"means over {result.vectors} vectors; instructions are not cycles"))


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def inspect_report(result: InspectResult) -> RenderableType:
    """Layers with the memory in use over time, and the boards."""
    layers = _columns("", "operator", "output", "MACs", "constants", "arena in use", _BAR)
    peak = max((layer.live_bytes for layer in result.layers), default=0) or 1
    for layer in result.layers:
        layers.add_row(
            f"{layer.index}",
            layer.operator,
            "x".join(map(str, layer.output_shape)),
            f"{layer.macs:,}" if layer.macs else "",
            f"{layer.constant_bytes:,} B",
            f"{layer.live_bytes:,} B",
            "#" * max(1, round(8 * layer.live_bytes / peak)),
        )
    boards = _columns("board", "fits", "RAM needed", "has", "flash needed", "has")
    for fit in result.boards:
        if fit.engine == "aot":
            boards.add_row(
                fit.board,
                "yes" if fit.fits else "no",
                f"{fit.ram_needed:,} B",
                f"{fit.ram_available:,} B",
                f"{fit.flash_needed:,} B",
                f"{fit.flash_available:,} B",
            )
    rows = [("model", result.model), ("opened by", f"{result.loader} ({result.format})")]
    if result.quantized_here:
        rows.append(("quantized", "for this look, with random data: sizes hold, scales do not"))
    rows += [
        *((f"input {i}", _tensor(t)) for i, t in enumerate(result.inputs)),
        *((f"output {i}", _tensor(t)) for i, t in enumerate(result.outputs)),
        ("work", f"{result.macs:,} MACs per inference"),
        (
            "parameters",
            f"{result.parameters:,}, {_bytes(result.constant_bytes)} with requantization",
        ),
        ("arena", _arena(result.arena_bytes, result.arena_minimum_bytes)),
    ]
    return _page(
        _facts(rows),
        layers,
        Group(boards, *(Text(line) for line in _board_remarks(result))),
    )


def _board_remarks(result: InspectResult) -> Iterator[str]:
    """What the table of boards means, and what it leaves out."""
    yield "With the engine aot: RAM is arena and stack, flash the constants; the code comes on top."
    for remark in dict.fromkeys(fit.remark for fit in result.boards if fit.remark):
        yield f"{', '.join(fit.board for fit in result.boards if fit.remark == remark)}: {remark}."
    others = [fit for fit in result.boards if fit.fits is None or fit.engine != "aot"]
    if others:
        default = sum(fit.is_default for fit in others)
        yield (
            f"{default} boards take the engine tflm unless --engine says another: it finds the "
            "arena that it needs by building, so whether it fits is not known here."
        )
    if short := [fit for fit in others if fit.fits is False]:
        names = ", ".join(fit.board for fit in short)
        yield f"Too large for tflm, whose model is {_bytes(short[0].flash_needed)}: {names}."


def _tensor(tensor: Any) -> str:
    shape = "x".join(map(str, tensor.shape))
    return f"{tensor.name} {shape}, scale {tensor.scale:.6g}, zero point {tensor.zero_point}"


def boards_report(boards: Sequence[Board]) -> RenderableType:
    """One line per board."""
    table = _columns("board", "core", "RAM KiB", "flash KiB", "engines", "proven")
    for board in boards:
        default = board.engines.default
        table.add_row(
            board.id,
            board.core,
            f"{board.memory.ram.bytes // 1024:,}",
            f"{board.memory.flash.bytes // 1024:,}",
            ", ".join([default, *(e for e in board.engines.available if e != default)]),
            re.split(r"[:;,]| [0-9]", board.proven)[0],
        )
    return Group(table, Text("the engine named first is the board's default"))


def board_report(facts: Mapping[str, Any]) -> RenderableType:
    """All of `board_facts`, a line each."""

    def rows(prefix: str, value: object) -> Iterable[tuple[str, str]]:
        if isinstance(value, dict):
            for key, item in value.items():
                yield from rows(f"{prefix}.{key}" if prefix else key, item)
        elif value not in (None, (), [], ""):
            text = ", ".join(map(one, value)) if isinstance(value, list | tuple) else one(value)
            if prefix.endswith("bytes"):
                text = _bytes(int(text))
            elif prefix.endswith(("origin", "base")):
                text = hex(int(text))
            yield prefix, text

    def one(value: object) -> str:
        if isinstance(value, list):  # a name and its value
            name, item = value
            return f"{name} = {_bytes(item) if isinstance(item, int) else item}"
        return str(value)

    return _facts(list(rows("", dict(facts))))


def _table(first: str, *others: str) -> Table:
    """Text columns to the left, numbers to the right."""
    table = Table(
        box=box.SIMPLE_HEAD if sys.stdout.isatty() else box.ASCII2,
        show_edge=False,
        pad_edge=False,
    )
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="left" if name in _WORDS else "right", overflow="fold")
    return table


def _columns(*names: str) -> Table:
    """A table without lines, for many columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, justify="left" if name in _WORDS else "right", no_wrap=True)
    return table


def _page(*parts: RenderableType) -> Group:
    """The parts with an empty line between them."""
    spaced: list[RenderableType] = []
    for part in parts:
        spaced += ["", part] if spaced else [part]
    return Group(*spaced)


def _facts(rows: Sequence[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(Text(name), Text(text))
    return table


def _next(command: str, more: str = "") -> Text:
    return Text(f"next: {command}" + (f"  ({more})" if more else ""))


def _build(build_id: str, compiler: str = "") -> str:
    """Which firmware it is, shortened, and what compiled it."""
    return f"build {build_id[:12]}" + (f", compiler {compiler}" if compiler else "")


def _bytes(count: int) -> str:
    return f"{count:,} bytes"


def _arena(count: int, minimum: int | None) -> str:
    least = "" if minimum is None else f" (minimum {_bytes(minimum)})"
    return f"{_bytes(count)}{least}"


def _share(share: float | None, digits: int = 1) -> str:
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def _decibel(value: float) -> str:
    return f"{value:.1f} dB" if math.isfinite(value) else "exact"
