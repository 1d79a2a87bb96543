"""One candidate of a compression: made, trained, quantized, priced; kept by what it was made of.

What a training came to is kept apart from what it takes on a board: a search for another board
trains no shape again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tinygen import load as loading
from tinygen.api.prepare import simplified
from tinygen.boards import Board
from tinygen.compression import prune, sparse, train
from tinygen.compression.channels import Channels
from tinygen.compression.qat import quantization_aware
from tinygen.compression.split import Split
from tinygen.data import Dataset
from tinygen.engines.aot import Price, price
from tinygen.ir import Int8Model, input_edges, output_edges
from tinygen.load import Int8File, KerasModel
from tinygen.paths import write_at_once
from tinygen.progress import SILENT
from tinygen.proof import oracle
from tinygen.quantize import quantize

_T = TypeVar("_T")

_LEARNED = "learned.json"
_FILES = ("model.keras", "model.tflite", _LEARNED)
"""Of a training. The last says that the others are whole."""

AS_GIVEN = "as given"
PRUNED = "pruned"
SCRATCH = "from scratch"
DISTILLED = "distilled"
PRUNED_DISTILLED = "pruned+distilled"
TUNED = "trained on"
AWARE = "QAT"
UNSTRUCTURED = f"{sparse.SPARSITY:.0%} zeros"
CLUSTERED = f"{sparse.CLUSTERS} values/layer"


@dataclass(frozen=True)
class Plan:
    """What is made: by which method, with how many channels in each group, from which seed.

    `after` is the method whose model is trained on, for what begins with one of those.
    """

    method: str
    widths: Mapping[str, int]
    seed: int
    after: str = ""

    @property
    def name(self) -> str:
        """Of the method, in words."""
        return f"{self.after}, {self.method}" if self.after else self.method

    @property
    def before(self) -> Plan:
        """The plan whose model this one trains on."""
        return Plan(self.after, self.widths, self.seed)


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


@dataclass(frozen=True)
class Learned:
    """What came of a training, on whatever board it is to run; as in Outcome."""

    parameters: int
    validation: float
    float_test: float
    int8_test: float
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
    given_epochs: int | None
    """How long the model as given was trained; None where nobody says."""
    criterion: str
    teacher: KerasModel | None
    aware: Path | None
    """The interpreter that trains with quantization, where it is there."""
    board: Board
    optimize: str
    folder: Path
    split_seed: int

    @property
    def facts(self) -> dict[str, object]:
        """All that any training depends on, but for its plan."""
        return {
            "model": self.loaded.sha256,
            "data": self.data_sha256,
            "split": self.split_seed,
            "recipe": asdict(self.recipe),
            "tune": self.tune_epochs,
            "teacher": self.teacher.sha256 if self.teacher else "",
            "versions": [metadata.version(name) for name in ("tinygen", "tensorflow", "keras")],
        }

    @property
    def target(self) -> str:
        """What a price is of, besides the model."""
        return f"{self.board.id}-{self.optimize}"

    def model_file(self, plan: Plan) -> Path:
        """Where the model of a plan lies once it has been made: one of Keras, or int8 where it was
        trained with its quantization."""
        return self._place(plan) / ("model.tflite" if plan.method == AWARE else "model.keras")

    def epochs_before(self, plan: Plan) -> int | None:
        """Epochs that are in a candidate's weights beside those of its own training; None where
        nobody says how long the model as given was trained."""
        if plan.after:
            before = self.epochs_before(plan.before)
            return None if before is None else before + self._epochs(plan.before)
        return 0 if plan.method in (SCRATCH, DISTILLED) else self.given_epochs

    def known(self, plan: Plan) -> Outcome | None:
        """What was found of the plan before, by content: also in a run that was interrupted."""
        learned = _kept(self._place(plan) / _LEARNED, Learned)
        price = _kept(self._price_file(plan), Price)
        return None if learned is None or price is None else _outcome(learned, price)

    def outcome(self, plan: Plan, on_epoch: train.OnEpoch = lambda *_: None) -> Outcome:
        """Make it, train it, and measure it, as far as that is not known."""
        place = self._place(plan)
        learned = self.learn(plan, on_epoch)
        found = _kept(self._price_file(plan), Price)
        if found is None:
            found = price(self._int8(place / "model.tflite"), self.board, self.optimize)
            _keep_json(self._price_file(plan), found)
        return _outcome(learned, found)

    def learn(self, plan: Plan, on_epoch: train.OnEpoch = lambda *_: None) -> Learned:
        """Make it and train it, as far as that was not done."""
        return self.known_training(plan) or self._learned(plan, on_epoch)

    def known_training(self, plan: Plan) -> Learned | None:
        """What came of the training before."""
        return _kept(self._place(plan) / _LEARNED, Learned)

    def key(self, plan: Plan) -> str:
        """The name of the place where what was learned by a plan lies, by all it depends on."""
        return self._place(plan).name

    def files(self, plan: Plan) -> dict[str, bytes]:
        """What was learned by a plan, by the names of its files."""
        return {name: (self._place(plan) / name).read_bytes() for name in _FILES}

    def take(self, plan: Plan, files: Mapping[str, bytes]) -> None:
        """Put there what another's `files` are, as if it had been learned here."""
        self._place(plan).mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            write_at_once(self._place(plan) / name, files[name])

    def _learned(self, plan: Plan, on_epoch: train.OnEpoch) -> Learned:
        started = time.monotonic()
        place = self._place(plan)
        place.mkdir(parents=True, exist_ok=True)
        if plan.method == AWARE:
            # The float model is the one that it began with.
            model, epochs = train.reopened(self.model_file(plan.before)), self._epochs(plan)
            (place / "model.tflite").write_bytes(self._trained_aware(plan))
        else:
            model, epochs = self._made(plan, on_epoch)
            model.save(self.model_file(plan))
            (place / "model.tflite").write_bytes(self.quantized(model).content)
        int8 = self._int8(place / "model.tflite")
        learned = Learned(
            parameters=int(model.count_params()),
            validation=self.int8_score(int8, self.split.validation),
            float_test=self.task.score(
                train.answers_of(model, self.split.test), self.split.test.answers
            ),
            int8_test=self.int8_score(int8, self.split.test),
            epochs=epochs,
            seconds=time.monotonic() - started,
        )
        _keep_json(place / _LEARNED, learned)
        train.forget()
        return learned

    def price(self, widths: Mapping[str, int]) -> Price:
        """What the shape takes, without training: weights do not change it much. A few samples are
        enough to convert it."""
        kept = self._price_file(Plan("price", widths, 0))
        known = _kept(kept, Price)
        if known is not None:
            return known
        model = prune.narrowed(self.loaded.model, self.channels, widths)
        found = price(self.quantized(model, samples=2), self.board, self.optimize)
        _keep_json(kept, found)
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

    def _int8(self, path: Path) -> Int8Model:
        loaded = loading.load(path)
        assert isinstance(loaded, Int8File)
        return simplified(loaded.content, loaded.graph, SILENT, keep_edges=False)

    def _epochs(self, plan: Plan) -> int:
        """Of a plan's own training."""
        if plan.method in (AS_GIVEN, CLUSTERED):
            return 0
        return self.recipe.epochs if plan.method in (SCRATCH, DISTILLED) else self.tune_epochs

    def _trained_aware(self, plan: Plan) -> bytes:
        assert self.aware is not None
        recipe = replace(self.recipe, epochs=self._epochs(plan))
        return quantization_aware(
            self.model_file(plan.before),
            self.task,
            self.split.train,
            recipe,
            seed=plan.seed,
            python=self.aware,
        )

    def _made(self, plan: Plan, on_epoch: train.OnEpoch) -> tuple[Any, int]:
        """The trained model, and for how many epochs it was trained here."""
        train.seed_everything(plan.seed)
        given, epochs = self.loaded.model, self._epochs(plan)
        teacher = self.teacher.model if self.teacher and "distilled" in plan.method else None
        after_batch: Callable[[], None] | None = None
        if plan.after:
            model = train.reopened(self.model_file(plan.before))
        elif plan.method in (AS_GIVEN, CLUSTERED):
            model = prune.without(given, self.channels, set())
            if plan.method == CLUSTERED:
                sparse.cluster(model)
        elif plan.method == UNSTRUCTURED:
            model = prune.without(given, self.channels, set())
            after_batch = sparse.zero_smallest(model)
        elif plan.method in (PRUNED, PRUNED_DISTILLED):
            model = prune.pruned(given, self.channels, plan.widths, self.criterion)
        else:
            model = prune.narrowed(given, self.channels, plan.widths)
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
            "after": plan.after,
            "criterion": self.criterion if "pruned" in f"{plan.method} {plan.after}" else "",
        }
        if "distilled" not in f"{plan.method} {plan.after}":
            del facts["teacher"]
        key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        return self.folder / key[:24]

    def _price_file(self, plan: Plan) -> Path:
        return self._place(plan) / f"price-{self.target}.json"


def _outcome(learned: Learned, found: Price) -> Outcome:
    return Outcome(
        **asdict(learned),
        flash=found.flash,
        arena=found.arena,
        ram=found.ram,
        instructions=found.instructions,
    )


def _kept(path: Path, kind: type[_T]) -> _T | None:
    """What was kept there; None where nothing whole is."""
    try:
        return kind(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _keep_json(path: Path, value: Learned | Price) -> None:
    """Last of what is made, and in one step: what has it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_at_once(path, json.dumps(asdict(value), indent=2).encode())


def sha256_of(*parts: train.Samples) -> str:
    """Of samples and their answers."""
    digest = hashlib.sha256()
    for part in parts:
        for array in (*part.inputs, part.answers):
            digest.update(f"{array.shape}{array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
