"""Training: what a model is to learn, and how a candidate learns it, alone or from a teacher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinygen.errors import InputError
from tinygen.load.quiet import quiet

TEMPERATURE = 2.0
"""Of distillation: how soft the teacher's answers are made."""
LABELS_SHARE = 0.7
"""Of distillation: the share of the loss that is the labels'."""

OnEpoch = Callable[[int, int], None]
"""Told how many epochs are done, and of how many."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs, one array for each input of the model, and what is to be answered."""

    inputs: tuple[np.ndarray, ...]
    answers: np.ndarray

    def __len__(self) -> int:
        return len(self.answers)

    def at(self, places: np.ndarray) -> Samples:
        return Samples(tuple(a[places] for a in self.inputs), self.answers[places])

    @property
    def packed(self) -> Any:
        """As Keras takes them."""
        return self.inputs[0] if len(self.inputs) == 1 else list(self.inputs)


@dataclass(frozen=True)
class Recipe:
    """How long and how a candidate is trained. The rate falls to zero by a cosine."""

    epochs: int
    learning_rate: float = 1e-3
    batch: int = 64


@dataclass(frozen=True)
class Task:
    """What is learned. `classes` is 0 for numbers, whose measure is the mean squared error."""

    classes: int
    probabilities: bool
    """Whether the model gives probabilities (softmax, sigmoid), or the numbers before those."""
    single: bool = False
    """Whether two classes are one output."""

    @property
    def measure(self) -> str:
        return "accuracy" if self.classes else "mean squared error"

    def score(self, outputs: np.ndarray, answers: np.ndarray) -> float:
        """The share of right answers, or less the mean squared error: more is better."""
        if not self.classes:
            return -float(np.mean((outputs.reshape(answers.shape) - answers) ** 2))
        return float(np.mean(self._decided(outputs) == answers))

    def _decided(self, outputs: np.ndarray) -> np.ndarray:
        if outputs.shape[-1] > 1:
            return np.asarray(np.argmax(outputs, axis=-1))
        limit = 0.5 if self.probabilities else 0.0
        return np.asarray(outputs[:, 0] > limit, np.int64)

    def loss(self) -> Any:
        """Of Keras."""
        import keras

        if not self.classes:
            return keras.losses.MeanSquaredError()
        if self.single:
            return keras.losses.BinaryCrossentropy(from_logits=not self.probabilities)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=not self.probabilities)


def task_of(model: Any, classes: np.ndarray | None, numbers: np.ndarray | None) -> Task:
    """What a model is to learn of labels: class numbers, or else numbers like its output.

    Raises InputError where the model has several outputs and where labels do not fit it.
    """
    shape = model.outputs[0].shape[1:]
    if len(model.outputs) != 1:
        raise InputError(
            f"'{model.name}' has {len(model.outputs)} outputs",
            why="one loss is trained: the cross-entropy of classes or the squared error of numbers",
            next_step="compress a model with one output",
        )
    if classes is not None and len(shape) == 1:
        last = _last_activation(model)
        highest = int(classes.max(initial=0))
        if highest < max(2, shape[0]):
            return Task(max(2, shape[0]), last in ("softmax", "sigmoid"), single=shape[0] == 1)
        if shape[0] > 1:
            raise InputError(
                f"the labels name class {highest}",
                why=f"'{model.name}' has {shape[0]} outputs, for classes 0 to {shape[0] - 1}",
                next_step="give the labels that the model was trained with",
            )
    size = int(np.prod(shape))
    if numbers is not None and numbers.dtype.kind in "buif" and numbers.size == len(numbers) * size:
        return Task(0, False)
    raise InputError(
        "the data have no labels that the model can be trained with",
        why=f"training needs class numbers, or {size} number(s) for each sample, under the key y",
        next_step="np.savez('train.npz', x=x, y=y)",
    )


def _last_activation(model: Any) -> str:
    layer = model.layers[-1]
    if type(layer).__name__ == "Softmax":
        return "softmax"
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))


def fit(
    model: Any,
    task: Task,
    samples: Samples,
    recipe: Recipe,
    *,
    seed: int,
    teacher: Any = None,
    after_batch: Callable[[], None] | None = None,
    on_epoch: OnEpoch = lambda *_: None,
) -> None:
    """Train the model, which changes. With a teacher also towards what that answers (Hinton et al.
    2015, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531)."""
    import keras

    steps = recipe.epochs * -(-len(samples) // recipe.batch)
    rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, max(1, steps))

    def epoch_ended(epoch: int, *_: Any, **__: Any) -> None:
        on_epoch(epoch + 1, recipe.epochs)

    def batch_ended(*_: Any, **__: Any) -> None:
        if after_batch is not None:
            after_batch()

    told = keras.callbacks.LambdaCallback(
        on_epoch_end=epoch_ended, on_train_batch_end=batch_ended if after_batch else None
    )
    with quiet():
        seed_everything(seed)
        trained = model if teacher is None else _distiller(model, teacher, task)
        trained.compile(optimizer=keras.optimizers.Adam(rate), loss=task.loss())
        trained.fit(
            samples.packed,
            samples.answers,
            batch_size=recipe.batch,
            epochs=recipe.epochs,
            verbose=0,
            callbacks=[told],
        )


def _distiller(student: Any, teacher: Any, task: Task) -> Any:
    """Keras's own, whose loss takes the numbers before a softmax: the logarithm of probabilities
    is as good."""
    import keras

    def logits(outputs: Any) -> Any:
        return keras.ops.log(keras.ops.maximum(outputs, 1e-7))

    several = task.classes and not task.single
    teachers_are_probabilities = _last_activation(teacher) == "softmax"

    class _Softened(keras.distillation.LogitsDistillation):  # type: ignore[misc]
        def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **rest: Any) -> Any:
            if several and teachers_are_probabilities:
                teacher_outputs = logits(teacher_outputs)
            if several and task.probabilities:
                student_outputs = logits(student_outputs)
            return super().compute_loss(teacher_outputs, student_outputs, **rest)

    # By its name Keras 3.15 takes the divergence of the very logits, which are no probabilities.
    divergence = keras.losses.KLDivergence()
    loss = _Softened(TEMPERATURE, divergence) if several else _Softened(1.0, "mse")
    return keras.distillation.Distiller(
        teacher=teacher,
        student=student,
        distillation_losses=loss,
        student_loss_weight=LABELS_SHARE,
    )


def answers_of(model: Any, samples: Samples) -> np.ndarray:
    """The float model's outputs."""
    with quiet():
        return np.asarray(model.predict(samples.packed, batch_size=256, verbose=0))


def reopened(path: Path) -> Any:
    """A model that was saved here, to be trained on."""
    import keras

    with quiet():
        return keras.models.load_model(path, compile=False)


def seed_everything(seed: int) -> None:
    """Of what draws weights, orders and what is dropped."""
    import keras

    keras.utils.set_random_seed(seed)


def forget() -> None:
    """What Keras keeps of models that are not needed any more."""
    import keras

    keras.utils.clear_session()
