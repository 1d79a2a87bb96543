"""One candidate of a compression: made, trained, quantized, priced; kept by what it was made of."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from tinygen.api.prepare import simplified
from tinygen.boards import Board
from tinygen.compression import prune, sparse, train
from tinygen.compression.channels import Channels
from tinygen.compression.split import Split
from tinygen.data import Dataset
from tinygen.engines.aot import Price, price
from tinygen.ir import Int8Model, input_edges, output_edges
from tinygen.load import KerasModel
from tinygen.progress import SILENT
from tinygen.proof import oracle
from tinygen.quantize import quantize

AS_GIVEN = "as given"
PRUNED = "pruned"
SCRATCH = "from scratch"
DISTILLED = "distilled"
PRUNED_DISTILLED = "pruned+distilled"
UNSTRUCTURED = f"{sparse.SPARSITY:.0%} zeros"
CLUSTERED = f"{sparse.CLUSTERS} values/layer"


@dataclass(frozen=True)
class Plan:
    """What is made: by which method, with how many channels in each group, from which seed."""

    method: str
    widths: Mapping[str, int]
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What came of a plan. Scores are shares of right answers, or less the mean squared error, on
    the samples that choose (`validation`) and on those that nothing was chosen by (`test`)."""

    parameters: int
    validation: float
    float_test: float
    int8_test: float
    flash: int
    arena: int
    ram: int
    instructions: int
    epochs: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Workshop:
    """All that candidates of one model share."""

    loaded: KerasModel
    channels: Channels
    task: train.Task
    split: Split
    data: Dataset
    data_sha256: str
    recipe: train.Recipe
    tune_epochs: int
    criterion: str
    teacher: KerasModel | None
    board: Board
    optimize: str
    folder: Path
    split_seed: int

    @property
    def facts(self) -> dict[str, object]:
        """All that any outcome depends on, but for its plan."""
        return {
            "model": self.loaded.sha256,
            "data": self.data_sha256,
            "split": self.split_seed,
            "recipe": asdict(self.recipe),
            "tune": self.tune_epochs,
            "teacher": self.teacher.sha256 if self.teacher else "",
            "target": [self.board.id, self.optimize],
            "versions": [metadata.version(name) for name in ("tinygen", "tensorflow", "keras")],
        }

    def model_file(self, plan: Plan) -> Path:
        """Where the Keras model of a plan lies once it has been made."""
        return self._place(plan) / "model.keras"

    def known(self, plan: Plan) -> Outcome | None:
        """What was found of the plan before, by content: also in a run that was interrupted."""
        try:
            return Outcome(**json.loads((self._place(plan) / "outcome.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def outcome(self, plan: Plan, on_epoch: train.OnEpoch = lambda *_: None) -> Outcome:
        """Make it, train it, and measure it, unless it is known."""
        known = self.known(plan)
        if known is not None:
            return known
        started = time.monotonic()
        model, epochs = self._made(plan, on_epoch)
        int8 = self.quantized(model)
        found = price(int8, self.board, self.optimize)
        made = Outcome(
            parameters=int(model.count_params()),
            validation=self.int8_score(int8, self.split.validation),
            float_test=self.task.score(
                train.answers_of(model, self.split.test), self.split.test.answers
            ),
            int8_test=self.int8_score(int8, self.split.test),
            flash=found.flash,
            arena=found.arena,
            ram=found.ram,
            instructions=found.instructions,
            epochs=epochs,
            seconds=time.monotonic() - started,
        )
        place = self._place(plan)
        place.mkdir(parents=True, exist_ok=True)
        model.save(self.model_file(plan))
        # Last, and in one step: what has an outcome is whole.
        unfinished = place / "outcome.unfinished"
        unfinished.write_text(json.dumps(asdict(made), indent=2), "utf-8")
        unfinished.replace(place / "outcome.json")
        train.forget()
        return made

    def price(self, widths: Mapping[str, int]) -> Price:
        """What the shape takes, without training: weights do not change it much. A few samples are
        enough to convert it."""
        place = self._place(Plan("price", widths, 0))
        try:
            return Price(**json.loads((place / "price.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            pass
        model = prune.narrowed(self.loaded.model, self.channels, widths)
        found = price(self.quantized(model, samples=2), self.board, self.optimize)
        place.mkdir(parents=True, exist_ok=True)
        (place / "price.json").write_text(json.dumps(asdict(found)), "utf-8")
        train.forget()
        return found

    def blank(self, widths: Mapping[str, int]) -> Path:
        """A Keras file of the shape, untrained: to see what its firmware takes."""
        path = self._place(Plan("price", widths, 0)) / "untrained.keras"
        path.parent.mkdir(parents=True, exist_ok=True)
        prune.narrowed(self.loaded.model, self.channels, widths).save(path)
        return path

    def quantized(self, model: Any, samples: int | None = None) -> Int8Model:
        """Full int8, calibrated by samples that are trained with."""
        inputs = tuple(array[:samples] for array in self.split.train.inputs)
        data = replace(self.data, inputs=inputs, labels=None)
        made = quantize(replace(self.loaded, model=model), data)
        return simplified(made.tflite, made.graph, SILENT, keep_edges=False)

    def _made(self, plan: Plan, on_epoch: train.OnEpoch) -> tuple[Any, int]:
        """The trained model, and for how many epochs it was trained here."""
        train.seed_everything(plan.seed)
        given, epochs = self.loaded.model, self.tune_epochs
        teacher = self.teacher.model if self.teacher and "distilled" in plan.method else None
        after_batch: Callable[[], None] | None = None
        if plan.method in (AS_GIVEN, CLUSTERED):
            model, epochs = prune.without(given, self.channels, set()), 0
            if plan.method == CLUSTERED:
                sparse.cluster(model)
        elif plan.method == UNSTRUCTURED:
            model = prune.without(given, self.channels, set())
            after_batch = sparse.zero_smallest(model)
        elif plan.method in (PRUNED, PRUNED_DISTILLED):
            model = prune.pruned(given, self.channels, plan.widths, self.criterion)
        else:
            model = prune.narrowed(given, self.channels, plan.widths)
            epochs = self.recipe.epochs
        if epochs:
            train.fit(
                model,
                self.task,
                self.split.train,
                replace(self.recipe, epochs=epochs),
                seed=plan.seed,
                teacher=teacher,
                after_batch=after_batch,
                on_epoch=on_epoch,
            )
        return model, epochs

    def int8_score(self, model: Int8Model, samples: train.Samples) -> float:
        """Of the int8 model, by LiteRT, or by the oracle where there is none."""
        edges = input_edges(model.graph)
        codes = [
            edge.quantize(array.reshape(-1, *edge.shape))
            for edge, array in zip(edges, samples.inputs, strict=True)
        ]
        run = oracle.second_opinion(model, codes)
        outputs = run.outputs if isinstance(run, oracle.HostRun) else None
        if outputs is None:
            outputs = oracle.expected(model, codes).outputs
        (edge,) = output_edges(model.graph)
        real = edge.dequantize(outputs[0])
        return self.task.score(real.reshape(len(samples), *edge.shape[1:]), samples.answers)

    def _place(self, plan: Plan) -> Path:
        """The folder of a plan, by all that its outcome depends on."""
        facts = {
            **self.facts,
            "method": plan.method,
            "widths": dict(sorted(plan.widths.items())),
            "seed": plan.seed,
            "criterion": self.criterion if "pruned" in plan.method else "",
        }
        if "distilled" not in plan.method:
            del facts["teacher"]
        key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        return self.folder / key[:24]


def sha256_of(*parts: train.Samples) -> str:
    """Of samples and their answers."""
    digest = hashlib.sha256()
    for part in parts:
        for array in (*part.inputs, part.answers):
            digest.update(f"{array.shape}{array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
