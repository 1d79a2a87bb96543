"""What compress() is given: a Keras 3 model, its teacher, and data with labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinygen import load as loading
from tinygen.api.candidates import Workshop, sha256_of
from tinygen.boards import Board
from tinygen.compression import train
from tinygen.compression.channels import channels_of
from tinygen.compression.options import CompressOptions
from tinygen.compression.split import split
from tinygen.data import RANDOM, Dataset, Split, no_data_error, read_data
from tinygen.environments import QAT, python_of
from tinygen.errors import InputError
from tinygen.load import KerasModel
from tinygen.pio import core


def opened(model: Path, options: CompressOptions, board: Board, folder: Path) -> Workshop:
    """Open, read and cut everything that a search needs; nothing is trained yet."""
    progress = options.progress
    progress.stage(f"Opening {model.name}")
    loaded = _keras3(model, options)
    teacher = None if options.distill is None else _keras3(Path(options.distill), options)
    channels = channels_of(loaded.model)
    if options.data is None or options.data == RANDOM:
        raise no_data_error(loaded.inputs, model.name)
    aware = python_of(QAT, core.cache_dir()) if options.qat else None
    progress.stage("Reading the data")
    data = _read(options.data, loaded, options, "train")
    task = train.task_of(loaded.model, data.labels, data.targets)
    if options.min_accuracy is not None and not task.classes:
        raise InputError(
            "--min-accuracy was given for a model that gives numbers",
            why="accuracy is the share of samples whose class is right; these have no classes",
            next_step="leave it out: the smallest squared error is looked for",
        )
    samples = _samples(data, task)
    test = None
    if options.test is not None:
        test = _samples(_read(options.test, loaded, options, "test"), task)
    for warning in data.warnings:
        progress.warn(warning)
    if teacher is not None:
        _check_teacher(teacher, loaded)
    given = options.given_epochs
    tune = options.tune_epochs
    if tune is None:
        tune = (given or options.epochs) // 2
    epochs = options.epochs if given is None else given + tune
    return Workshop(
        loaded=loaded,
        channels=channels,
        task=task,
        split=split(samples, test, options.seed),
        data=data,
        data_sha256=sha256_of(samples, *(() if test is None else (test,))),
        recipe=train.Recipe(epochs, options.learning_rate),
        tune_epochs=tune,
        given_epochs=given,
        criterion=options.criterion,
        teacher=teacher,
        aware=aware,
        board=board,
        optimize=options.optimize,
        folder=folder,
        split_seed=options.seed,
    )


def _keras3(path: Path, options: CompressOptions) -> KerasModel:
    loaded = loading.load(path, trust_model=options.trust_model, shapes=options.input_shapes)
    if isinstance(loaded, KerasModel) and loaded.loader.startswith("keras 3"):
        return loaded
    raise InputError(
        f"'{path.name}' cannot be trained here",
        why="compress changes the layers of a Keras 3 model and trains them; this was opened by"
        f" {loaded.loader}",
        next_step="give the .keras file that Keras 3 saved: model.save('model.keras')",
    )


def _read(spec: str, loaded: KerasModel, options: CompressOptions, part: Split) -> Dataset:
    return read_data(
        spec, loaded.inputs, seed=options.seed, image_range=options.image_range, split=part
    )


def _samples(data: Dataset, task: train.Task) -> train.Samples:
    answers = data.labels if task.classes else data.targets
    if answers is None:
        raise InputError(
            f"the data '{data.source}' have no labels of the kind of the others",
            why=f"the measure is the {task.measure}",
            next_step="np.savez('test.npz', x=x, y=y)",
        )
    inputs = tuple(np.asarray(array, np.float32) for array in data.inputs)
    if not task.classes:
        return train.Samples(inputs, np.asarray(answers, np.float32).reshape(len(answers), -1))
    return train.Samples(inputs, np.asarray(answers, np.int64))


def _check_teacher(teacher: KerasModel, student: KerasModel) -> None:
    mine = [tuple(t.shape[1:]) for t in (*student.model.inputs, *student.model.outputs)]
    its = [tuple(t.shape[1:]) for t in (*teacher.model.inputs, *teacher.model.outputs)]
    if mine != its:
        raise InputError(
            f"'{teacher.path.name}' cannot teach '{student.path.name}'",
            why=f"its inputs and outputs are {its}, the model's {mine}",
            next_step="give a teacher that was trained for the same task",
        )
