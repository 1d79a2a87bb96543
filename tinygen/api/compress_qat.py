"""Quantization-aware training of the chosen candidate, where quantizing afterwards costs much."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from tinygen import load as loading
from tinygen.api.candidates import Outcome, Plan, Workshop
from tinygen.api.compress_result import CompressRow
from tinygen.api.firmware_of import Foundry
from tinygen.api.prepare import simplified
from tinygen.compression.qat import LOSS, quantization_aware
from tinygen.engines.aot import price
from tinygen.load import Int8File
from tinygen.progress import SILENT

QAT = "QAT"


def offer(row: CompressRow, shop: Workshop) -> str:
    """What is to be said of it: empty where quantizing afterwards loses nothing to speak of."""
    lost = row.quantization_loss
    if not shop.task.classes or lost <= LOSS:
        return ""
    return (
        f"quantizing the chosen one loses {100 * lost:.1f} points: --qat trains it with its"
        " quantization, which may win some back"
    )


def refusal(row: CompressRow, shop: Workshop) -> str:
    """Why it is not done; empty where it is."""
    if not shop.task.classes:
        return "--qat is for classes: nothing was trained with its quantization"
    if row.quantization_loss <= LOSS:
        return (
            "--qat: not done, because quantizing afterwards loses"
            f" {100 * row.quantization_loss:.2f} points, and more than {100 * LOSS:g} are asked for"
        )
    return ""


def trained_aware(row: CompressRow, shop: Workshop, foundry: Foundry, out: Path) -> CompressRow:
    """The chosen candidate trained on with its quantization, beside that without; its int8 file is
    written to `out`."""
    started = time.monotonic()
    best = max(row.scores, key=lambda score: score.validation)
    plan = Plan(row.method, {one.layer: one.channels for one in row.widths}, best.seed)
    recipe = replace(shop.recipe, epochs=max(1, shop.tune_epochs))
    model = shop.model_file(plan)
    foundry.progress.stage("Training the chosen one with its quantization")
    out.write_bytes(quantization_aware(model, shop.task, shop.split.train, recipe, seed=best.seed))
    loaded = loading.load(out)
    assert isinstance(loaded, Int8File)
    int8 = simplified(loaded.content, loaded.graph, SILENT, keep_edges=False)
    found = price(int8, shop.board, shop.optimize)
    outcome = Outcome(
        parameters=row.parameters,
        validation=shop.int8_score(int8, shop.split.validation),
        float_test=best.float_test,
        int8_test=shop.int8_score(int8, shop.split.test),
        flash=found.flash,
        arena=found.arena,
        ram=found.ram,
        instructions=found.instructions,
        epochs=recipe.epochs,
        seconds=time.monotonic() - started,
    )
    foundry.progress.stage("Building what was trained with its quantization")
    return CompressRow.of(
        Plan(QAT, plan.widths, plan.seed),
        shop.channels.widths,
        [(best.seed, outcome)],
        foundry.build(out, "aware"),
        within=row.within_limits,
    )
