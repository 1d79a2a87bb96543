"""What `compress` may be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tinygen.options import DataOptions, Flag


@dataclass(frozen=True, kw_only=True)
class CompressOptions(DataOptions):
    """All that `compress` may be told."""

    data: Annotated[
        str | None,
        Flag(
            "--data",
            "Samples with labels: .npz, .npy, .csv or a folder of images. 15 % of them choose "
            "among candidates, 15 % are kept for the last word where there is no --test, the rest "
            "train.",
            short="-d",
        ),
    ] = None
    test: Annotated[
        str | None,
        Flag("--test", "Labelled samples for the last word: nothing is chosen by them."),
    ] = None

    board: Annotated[
        str,
        Flag(
            "--board",
            "The board whose flash and RAM are the limits, and whose core is counted for.",
            short="-b",
        ),
    ] = "qemu-cortex-m4"
    out: Annotated[
        str | Path | None,
        Flag("--out", "Folder of the result. A search that lies there goes on.", short="-o"),
    ] = None
    max_flash: Annotated[
        int | None, Flag("--max-flash", "Bytes of flash of the whole firmware.", minimum=1)
    ] = None
    max_ram: Annotated[
        int | None,
        Flag("--max-ram", "Bytes of RAM of the whole firmware, its stack too.", minimum=1),
    ] = None
    max_instructions: Annotated[
        int | None, Flag("--max-instructions", "Instructions of one inference.", minimum=1)
    ] = None
    min_accuracy: Annotated[
        float | None,
        Flag("--min-accuracy", "Percent: the cheapest model that has it is taken.", minimum=0),
    ] = None
    prune: Annotated[
        str | None,
        Flag(
            "--prune",
            "`structured` removes channels and tunes what stays; `unstructured` makes weights "
            "zero, which firmware gains flash of with --optimize size at most, and shows that.",
            metavar="HOW",
            choices=("structured", "unstructured"),
        ),
    ] = None
    width: Annotated[
        bool,
        Flag("--width", "Train narrower shapes from scratch. Shown beside pruning in any case."),
    ] = False
    distill: Annotated[
        str | Path | None,
        Flag(
            "--distill",
            "A Keras file of a teacher, whose answers narrower shapes are trained towards; the "
            "same shapes alone are shown beside.",
            metavar="TEACHER",
        ),
    ] = None
    cluster: Annotated[
        bool,
        Flag(
            "--cluster",
            "Leave each layer few values of weights, which firmware gains flash of with --optimize "
            "size at most, and show that.",
        ),
    ] = False
    qat: Annotated[
        bool,
        Flag(
            "--qat",
            "Train the chosen model on with its quantization, where quantizing it afterwards loses "
            "more than --qat-loss; the same training without is shown beside. Needs `tinygen setup "
            "qat`.",
        ),
    ] = False
    qat_loss: Annotated[
        float,
        Flag(
            "--qat-loss",
            "Points that quantizing has to lose for --qat; less than 0 to train in any case.",
            metavar="POINTS",
        ),
    ] = 1.0
    criterion: Annotated[
        str,
        Flag(
            "--criterion",
            "Which channels go first: those of the smallest filters (l1), or of the smallest "
            "factors of the batch normalization behind them (gamma).",
            metavar="NAME",
            choices=("l1", "gamma"),
        ),
    ] = "l1"
    optimize: Annotated[
        str,
        Flag(
            "--optimize",
            "What the firmware is built for, as `build` has it.",
            metavar="GOAL",
            choices=("speed", "balanced", "size"),
        ),
    ] = "balanced"
    trials: Annotated[int, Flag("--trials", "Shapes to train in the search.", minimum=1)] = 12
    finalists: Annotated[
        int, Flag("--finalists", "Shapes that are trained from every seed and built.", minimum=1)
    ] = 4
    seeds: Annotated[int, Flag("--seeds", "Trainings of each finalist.", minimum=1)] = 3
    epochs: Annotated[int, Flag("--epochs", "Epochs of a training from scratch.", minimum=1)] = 12
    tune_epochs: Annotated[
        int | None,
        Flag(
            "--tune-epochs",
            "Epochs after pruning. [default: half of --given-epochs or --epochs]",
            minimum=0,
        ),
    ] = None
    given_epochs: Annotated[
        int | None,
        Flag(
            "--given-epochs",
            "Epochs that the model as given was trained. From scratch then has those and "
            "--tune-epochs together, in place of --epochs: both are trained as long.",
            minimum=1,
        ),
    ] = None
    learning_rate: Annotated[
        float,
        Flag("--learning-rate", "Of Adam at first; it falls to zero by a cosine.", metavar="RATE"),
    ] = 0.001
    jobs: Annotated[int | None, Flag("--jobs", "Parallel compilations.", short="-j", minimum=1)] = (
        None
    )
    scheduler: Annotated[
        str | None,
        Flag(
            "--scheduler",
            "A Dask scheduler whose workers, with tinygen, train candidates, several at a time: "
            "tcp://HOST:8786. Who reaches it can run code there.",
            metavar="ADDRESS",
        ),
    ] = None
