"""compress(): a Keras model in, the best smaller one under a board's limits out, with its price."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tinygen.api import compress_files as files
from tinygen.api import compress_qat as qat
from tinygen.api.candidates import (
    AS_GIVEN,
    AWARE,
    CLUSTERED,
    DISTILLED,
    PRUNED,
    PRUNED_DISTILLED,
    SCRATCH,
    TUNED,
    UNSTRUCTURED,
    Outcome,
    Plan,
    Workshop,
)
from tinygen.api.compress_far import Cluster
from tinygen.api.compress_input import opened
from tinygen.api.compress_notes import remarks
from tinygen.api.compress_result import CompressResult, CompressRow, best_row
from tinygen.api.firmware_of import Foundry, Limits, Overhead
from tinygen.api.keywords import by_keywords
from tinygen.boards import get_board
from tinygen.compression.clock import Clock
from tinygen.compression.options import CompressOptions
from tinygen.compression.study import Asked, Study, require_optuna, width
from tinygen.errors import DoesNotFit
from tinygen.load import safe_name
from tinygen.load.devices import trained_on
from tinygen.locks import alone

_TRIES = 25
"""For each shape that is to be trained, so many may be looked at that do not keep the limits."""


def compress_model(model: Path, options: CompressOptions) -> CompressResult:
    """Search for the best smaller model under the limits, and write it as a Keras file.

    Returns
    -------
    CompressResult
        What was found, each beside the simplest alternative.

    Raises
    ------
    InputError
        For what cannot be made smaller or trained.
    DoesNotFit
        Where no shape that was looked at keeps the limits.

    Examples
    --------
    >>> import tinygen
    >>> found = tinygen.compress(  # doctest: +SKIP
    ...     "model.keras", board="uno", data="train.npz", test="test.npz"
    ... )
    """
    require_optuna()
    folder = Path(options.out or Path("build", f"{safe_name(model)}-smaller"))
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / "search.lock", "tinygen compress"):
        return _compressed(model, options, folder)


def _compressed(model: Path, options: CompressOptions, folder: Path) -> CompressResult:
    started = time.monotonic()
    cluster = Cluster(model, options)
    board = get_board(options.board)
    shop = opened(model, options, board, folder / "candidates")
    calibration, test = files.write_data(folder, shop)
    foundry = Foundry(
        board, options.board, calibration, folder / "firmware", options.optimize, options.jobs,
        options.progress, {},
    )  # fmt: skip
    limits = Limits(
        options.max_flash or board.memory.flash.bytes,
        options.max_ram or board.memory.ram.bytes,
        options.max_instructions,
    )
    search = _Search(shop, foundry, limits, options, cluster)
    shapes = search.run(folder / "search.journal")
    rows = search.finals(shapes)
    chosen = best_row(rows, options.min_accuracy)
    why_not = qat.refusal(chosen, shop.task, options.qat_loss)
    if options.qat and not why_not:
        rows = search.with_front((*rows, *search.trained_on(chosen)))
        chosen = best_row(rows, options.min_accuracy)
    said = why_not if options.qat else qat.offer(chosen, shop.task, options.qat_loss)
    notes = [*search.notes, *remarks(rows, options.min_accuracy), *([said] if said else [])]
    notes.append(trained_on())
    made = shop.model_file(search.best_plan(chosen))
    written = folder / f"{shop.loaded.name}_smaller{made.suffix}"
    shutil.copyfile(made, written)
    rows = tuple(replace(row, chosen=row is chosen) for row in rows)
    tried = search.tried
    picture = files.write_picture(
        folder, rows, tried, shop, f"{shop.loaded.name} for {board.id}\n{limits.text}"
    )
    if picture is None:
        notes.append("no picture: matplotlib is not installed (pip install 'tinygen[compress]')")
    return CompressResult(
        model=shop.loaded.name,
        model_sha256=shop.loaded.sha256,
        board=board.id,
        limits=limits.text,
        measure=shop.task.measure,
        split=shop.split.text,
        rows=rows,
        shapes_tried=len(shapes),
        kept=shop.channels.kept,
        notes=tuple(notes),
        smaller=written,
        calibration=calibration,
        test=test,
        table=files.write_table(folder, tried),
        picture=picture,
        minutes=(time.monotonic() - started) / 60,
    )


compress = by_keywords(CompressOptions, compress_model, "compress")


class _Search:
    """The shapes of one model: which are trained, and what comes of them."""

    def __init__(
        self,
        shop: Workshop,
        foundry: Foundry,
        limits: Limits,
        options: CompressOptions,
        cluster: Cluster,
    ) -> None:
        self._shop, self._foundry, self._limits, self._options = shop, foundry, limits, options
        self._clock, self._cluster = Clock(), cluster
        self._methods = _methods(options)
        self._whole = shop.channels.widths
        self.notes: list[str] = []
        self._outcomes: dict[str, tuple[Plan, Outcome]] = {}
        self._overhead = Overhead(0, 0)

    @property
    def tried(self) -> tuple[tuple[Plan, Outcome], ...]:
        """Everything that was trained, or found trained."""
        return tuple(self._outcomes.values())

    def run(self, journal: Path) -> tuple[dict[str, int], ...]:
        """Train shapes that keep the limits, once by each method."""
        options, progress = self._options, self._options.progress
        progress.note(self._shop.split.text)
        for one in self._shop.channels.kept:
            progress.note(f"'{one.layer}' keeps its width: {one.why}")
        progress.stage("Building the smallest shape, for what a firmware takes beside its layers")
        self._overhead = self._beside()
        progress.stage("Quantizing the model as given")
        given = self._outcome(Plan(AS_GIVEN, self._whole, options.seed), "The model as given")
        together = -(-self._cluster.workers // len(self._methods))
        study = Study(journal, self._name(), self._whole, options.seed, together=together > 1)
        self._clock.expect("search", (options.trials - len(study.trained)) * len(self._methods))
        self._clock.expect("seeds", self._extra_trainings())
        self._clock.expect("builds", options.finalists * len(self._methods) + 1)
        refused, most = 0, _TRIES * options.trials
        while (left := options.trials - len(study.trained)) > 0 and study.asked < most:
            shapes: list[Asked] = []
            while len(shapes) < min(left, together) and study.asked < most:
                asked = study.ask()
                if violated := self._limits.violations(
                    self._shop.price(asked.widths), self._overhead
                ):
                    study.refuse(asked, violated)
                    refused += 1
                else:
                    shapes.append(asked)
            self._train(study, shapes)
        if refused:
            self.notes.append(f"{refused} shapes that do not keep the limits were not trained")
        if not study.trained:
            raise DoesNotFit(
                f"no shape of '{self._shop.loaded.name}' that was looked at keeps the limits",
                why=f"the limits are {self._limits.text}; the smallest shape needs"
                f" {self._needs(self._smallest())}, the model as given"
                f" {given.flash + self._overhead.flash:,} bytes of flash,"
                f" {given.ram + self._overhead.ram:,} of RAM and {given.instructions:,}"
                " instructions",
                next_step="wider limits, a larger board, or a model of fewer layers",
            )
        return study.trained

    def _train(self, study: Study, shapes: Sequence[Asked]) -> None:
        """Train shapes by each method, and tell the search what came of them."""
        seed, trials = self._options.seed, self._options.trials
        plans = [[Plan(method, one.widths, seed) for method in self._methods] for one in shapes]
        number = len(study.trained) + 1
        title = f"Shape {number} of {trials}"
        several = f"Shapes {number} to {number + len(shapes) - 1} of {trials}"
        every = [plan for of_shape in plans for plan in of_shape]
        told = title if len(shapes) == 1 else several
        self._cluster.train(self._shop, every, self._clock, told, "search")
        for asked, of_shape in zip(shapes, plans, strict=True):
            title = f"Shape {len(study.trained) + 1} of {trials}"
            found = [self._outcome(plan, title, "search") for plan in of_shape]
            best = max(found, key=lambda outcome: outcome.validation)
            study.tell(asked, best.validation, best.instructions, best.flash)

    def finals(self, shapes: Sequence[Mapping[str, int]]) -> tuple[CompressRow, ...]:
        """The best shapes, trained from every seed by every method, with their firmware; and the
        model as given."""
        plans = [Plan(AS_GIVEN, self._whole, self._options.seed)]
        extra = {
            UNSTRUCTURED: self._options.prune == "unstructured",
            CLUSTERED: self._options.cluster,
        }
        plans += [Plan(method, self._whole, 0) for method, wanted in extra.items() if wanted]
        plans += [Plan(m, widths, 0) for widths in self._front(shapes) for m in self._methods]
        self._clock.expect("builds", len(plans))
        seeds = [one for plan in plans for one in self._seeds(plan)]
        self._cluster.train(self._shop, seeds, self._clock, "Finalists", "seeds")
        return self.with_front([self._row(plan) for plan in plans])

    def trained_on(self, row: CompressRow) -> Iterator[CompressRow]:
        """The row's candidate trained on, with its quantization, and without beside that."""
        self._clock.expect("builds", 2)
        widths = {one.layer: one.channels for one in row.widths}
        for method in (TUNED, AWARE):
            yield self._row(Plan(method, widths, 0, after=row.method))

    @staticmethod
    def with_front(rows: Sequence[CompressRow]) -> tuple[CompressRow, ...]:
        """Each told whether another is as good with fewer instructions."""
        return tuple(replace(row, on_front=_on_front(row, rows)) for row in rows)

    @staticmethod
    def best_plan(row: CompressRow) -> Plan:
        """Of a row's trainings the one that answers best on the samples that choose."""
        widths = {one.layer: one.channels for one in row.widths}
        seed = max(row.scores, key=lambda score: score.validation).seed
        return Plan(row.method, widths, seed, row.after)

    def _row(self, plan: Plan) -> CompressRow:
        options, plans = self._options, self._seeds(plan)
        if plan.after:
            for one in plans:
                self._outcome(one.before, "What is trained on")
        found = [self._outcome(one, "Finalists", "seeds") for one in plans]
        best = max(range(len(found)), key=lambda i: found[i].validation)
        name = hashlib.sha256(f"{plan.name}{sorted(plan.widths.items())}".encode()).hexdigest()[:8]
        started = time.monotonic()
        options.progress.stage(f"Building {plan.name}{self._clock.text}")
        try:
            built = self._foundry.build(self._shop.model_file(plans[best]), name)
        except DoesNotFit as error:
            options.progress.warn(f"{plan.name}: {error.what}")
            built = None
        self._clock.done("builds", time.monotonic() - started)
        return CompressRow.of(
            plan,
            self._whole,
            [(one.seed, outcome) for one, outcome in zip(plans, found, strict=True)],
            built,
            within=built is not None and not self._limits.violations(found[best], self._overhead),
            epochs_before=self._shop.epochs_before(plan),
        )

    def _seeds(self, plan: Plan) -> list[Plan]:
        """The plan from every seed that a row has."""
        once = plan.method in (AS_GIVEN, CLUSTERED)
        count = 1 if once else self._options.seeds
        return [replace(plan, seed=self._options.seed + i) for i in range(count)]

    def _front(self, shapes: Sequence[Mapping[str, int]]) -> list[Mapping[str, int]]:
        """Of the shapes that were trained those that no other beats in score and instructions; some
        of them, from the cheapest to the best."""
        seed, best = self._options.seed, {}
        for number, widths in enumerate(shapes):
            plans = [Plan(method, widths, seed) for method in self._methods]
            found = [self._shop.known(p) or self._outcome(p, "Again") for p in plans]
            best[number] = max(found, key=lambda one: one.validation)
        front = [
            n
            for n, one in best.items()
            if not any(_beats(other, one) for other in best.values() if other is not one)
        ]
        front.sort(key=lambda n: best[n].instructions)
        count = min(self._options.finalists, len(front))
        picked = [round(i * (len(front) - 1) / max(1, count - 1)) for i in range(count)]
        return [shapes[front[len(front) - 1 - i]] for i in dict.fromkeys(picked)]

    def _outcome(self, plan: Plan, title: str, kind: str = "") -> Outcome:
        """Train a candidate, and tell how far it is."""
        progress, started = self._options.progress, time.monotonic()
        said = "" if plan.method == AS_GIVEN else f", {plan.name}, seed {plan.seed}"
        progress.stage(f"{title}{said}{self._clock.text}")
        made = self._shop.outcome(plan, progress.count)
        if kind:
            self._clock.done(kind, time.monotonic() - started)
        self._outcomes[f"{plan.name}{sorted(plan.widths.items())}{plan.seed}"] = plan, made
        return made

    def _extra_trainings(self) -> int:
        options = self._options
        return options.finalists * len(self._methods) * (options.seeds - 1)

    def _beside(self) -> Overhead:
        """What a firmware takes beside its layers and arena: measured once, and kept."""
        widths = self._smallest()
        kept = self._shop.folder / f"beside-{self._shop.board.id}-{self._options.optimize}.json"
        try:
            return Overhead(**json.loads(kept.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            pass
        found = self._foundry.overhead(self._shop.blank(widths), self._shop.price(widths))
        kept.write_text(json.dumps({"flash": found.flash, "ram": found.ram}), "utf-8")
        return found

    def _smallest(self) -> dict[str, int]:
        return {name: width(count, 1) for name, count in self._whole.items()}

    def _needs(self, widths: Mapping[str, int]) -> str:
        price = self._shop.price(widths)
        return (
            f"{price.flash + self._overhead.flash:,} bytes of flash,"
            f" {price.ram + self._overhead.ram:,} of RAM and {price.instructions:,} instructions"
        )

    def _name(self) -> str:
        """Of this very search: what else is asked for is another one."""
        shop = self._shop
        facts = [shop.facts, shop.target, self._limits.text, self._methods, self._options.criterion]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _methods(options: CompressOptions) -> tuple[str, ...]:
    """What is made of each shape; the simplest alternative is always beside a method."""
    taught = options.distill is not None
    nothing = options.prune is None and not options.width and not taught
    pruned = options.prune == "structured" or nothing
    asked = (
        (PRUNED, pruned),
        (SCRATCH, True),
        (DISTILLED, taught),
        (PRUNED_DISTILLED, pruned and taught),
    )
    return tuple(method for method, wanted in asked if wanted)


def _beats(one: Outcome, other: Outcome) -> bool:
    mine, its = (one.validation, -one.instructions), (other.validation, -other.instructions)
    return mine != its and all(a >= b for a, b in zip(mine, its, strict=True))


def _on_front(row: CompressRow, rows: Sequence[CompressRow]) -> bool:
    """Whether no other row has a higher score for as few instructions."""
    return not any(
        other.score >= row.score
        and other.instructions <= row.instructions
        and (other.score, -other.instructions) != (row.score, -row.instructions)
        for other in rows
    )
