"""The page as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from markupsafe import Markup

from tinygen.api.facts import Facts
from tinygen.boards import Linux, Qemu
from tinygen.printable import shown
from tinygen.report.page.cases import cases_section
from tinygen.report.page.head import head
from tinygen.report.page.layers import error_section, graph_section, time_section
from tinygen.report.page.memory import flash_section, memory_section
from tinygen.report.page.parts import Grid, Part, Rows, Section, Words
from tinygen.report.page.power import power_section
from tinygen.report.page.quality import accuracy_section, fidelity_section
from tinygen.resources import templates_dir
from tinygen.templates import render_html

SECTIONS = (
    graph_section,
    memory_section,
    flash_section,
    time_section,
    error_section,
    fidelity_section,
    accuracy_section,
    power_section,
    cases_section,
)
"""In the order in which they stand; then the board, and where all of it comes from."""


def document(facts: Facts) -> str:
    """The whole file. All names in it come from files: nothing in them is markup, and a policy in
    the file forbids every script but its own, and every connection."""
    sections = (*(make(facts) for make in SECTIONS), _board(facts), _provenance(facts))
    folder = templates_dir() / "page"
    style, script = ((folder / name).read_text("utf-8") for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    manifest = facts.project.manifest
    npu = f", NPU {manifest.told.npu}" if manifest.told.npu else ""
    return render_html(
        "page/page.html.j2",
        style=Markup(style),
        script=Markup(script),
        script_hash=digest,
        head=shown(head(facts)),
        sections=shown(sections, "\n"),
        model=shown(facts.project.model),
        subtitle=shown(
            f"on {facts.board.name}, engine {manifest.engine}, kernels {manifest.kernel_set}{npu}"
        ),
        version=manifest.tinygen,
    )


def _board(facts: Facts) -> Section:
    board = facts.board
    device = board.device
    if isinstance(device, Qemu):
        runs = "emulated by QEMU on the host: instructions are counted, time and cycles are not"
    elif isinstance(device, Linux):
        runs = "a program of Linux"
    else:
        runs = "hardware on a serial port"
    rows = [
        ("board", f"{board.name} ({board.id})"),
        ("core", f"{board.core.value}, FPU: {board.fpu.value}"),
        ("flash", f"{board.memory.flash.bytes:,} bytes"),
        ("RAM", f"{board.memory.ram.bytes:,} bytes"),
        ("device", runs),
        ("how far it is proven", board.proven),
    ]
    about = "What the firmware is for."
    return Section("board", "The board", about, (Rows(tuple(rows)),))


def _provenance(facts: Facts) -> Section:
    return Section(
        "origin",
        "Every hash and version",
        "What the firmware was made of, and by what. The same input and the same versions give the "
        "same bytes.",
        tuple(_origin(facts)),
    )


def _origin(facts: Facts) -> Iterator[Part]:
    manifest = facts.project.manifest
    rows = [
        ("tinygen", manifest.tinygen),
        *((name, version) for name, version in sorted(manifest.made_with.items())),
        (
            "model file",
            f"{manifest.model.source.file.rsplit('/', 1)[-1]}, {manifest.model.source.format}",
        ),
        ("its SHA-256", manifest.model.source.sha256),
        ("int8 model, SHA-256", manifest.model.sha256),
        ("build id", facts.build_id),
        ("vectors", f"{manifest.vectors.count:,}, oracle {manifest.vectors.oracle}"),
    ]
    if manifest.data is not None:
        data = manifest.data.source.rsplit("/", 1)[-1]
        rows.append(("calibration data", f"{manifest.data.samples:,} samples of {data}"))
    if facts.elf_sha256 is not None:
        rows.append(("compiler", facts.compiler or "unknown"))
        rows.append(("ELF file, SHA-256", facts.elf_sha256))
    yield Rows(tuple(rows))
    if facts.stale:
        yield Words(
            f"There are results of another build, which are left out: {', '.join(facts.stale)}.",
            "warn",
        )
    for trouble in facts.troubles:
        yield Words(trouble, "warn")
    yield Grid(
        "Generated files",
        ("file", "SHA-256"),
        tuple(manifest.files.items()),
        (False, False),
        fold=f"The {len(manifest.files)} generated files with their hashes",
    )
