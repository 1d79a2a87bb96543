"""What a build may be told: each option once, with its type, its default and its help.

The command line, the Python API and the engines all read it here.
"""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tinygen.errors import InputError
from tinygen.npus import NPUS
from tinygen.printable import printable
from tinygen.progress import SILENT, Progress


@dataclass(frozen=True)
class Flag:
    """How an option stands on the command line. A number is at least `minimum`, a word is one of
    `choices`."""

    name: str
    help: str
    short: str = ""
    metavar: str | None = None
    minimum: int | None = None
    choices: tuple[str, ...] = ()
    engine: bool = False
    """Whether it is the engines': each says which of those it takes."""


Data = str | Path | Iterable[Any]
"""A file or a folder, the word `random`, or in Python: an array (samples, ...), arrays by the
inputs' names, (x, y), or batches of such, from a generator, a tf.data.Dataset or a Sequence."""


ACTIVATIONS = ("int8", "int16")


TrustModel = Annotated[
    bool, Flag("--trust-model", "Open a model file that runs code of its own (Lambda).")
]


InputShape = Annotated[
    tuple[str, ...],
    Flag(
        "--input-shape",
        "Of a model that leaves the size of its input open: 96x96x3, or by name with commas: "
        "image=96x96x3,sound=16000.",
        metavar="SHAPE",
    ),
]


Signature = Annotated[
    str | None,
    Flag(
        "--signature",
        "Which of a file's signatures is compiled, where a SavedModel or a .tflite has several: "
        "`inspect` shows them; of a frozen graph the nodes that come out, with commas. [default: "
        "serving_default; what no other node reads]",
        metavar="NAME",
    ),
]


TrustProject = Annotated[
    bool,
    Flag(
        "--trust-project",
        "Run what a project folder or a board file of somebody else's brings.",
    ),
]


Name = Annotated[
    str,
    Flag(
        "--name",
        "What the model is called in C: its files, symbols and macros begin with it.",
        metavar="NAME",
    ),
]


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """How a model file is opened, and with what data something is done with it."""

    data: Annotated[
        Data | None,
        Flag(
            "--data",
            "Calibration samples: .npz, .npy, .csv or a folder of images; or the word `random`, "
            "which makes the accuracy meaningless.",
            short="-d",
        ),
    ] = None
    test: Annotated[
        Data | None,
        Flag(
            "--test",
            "Labelled samples that `verify` runs on the device, all of them, as --data.",
        ),
    ] = None
    image_range: Annotated[
        tuple[float, float],
        Flag(
            "--image-range", "What 0 and 255 of image files are to the model.", metavar="LOW HIGH"
        ),
    ] = (0.0, 255.0)
    input_shape: InputShape = ()
    trust_model: TrustModel = False
    seed: Annotated[int, Flag("--seed", "Seed of every random choice.", minimum=0)] = 0
    progress: Progress = field(default=SILENT, compare=False, repr=False)
    """Who is told how far it is; no option of the command line, but the command line itself."""

    def __post_init__(self) -> None:
        board = getattr(self, "board", None)
        if isinstance(board, Path):  # of a board file, which the command line gives as a word
            object.__setattr__(self, "board", str(board))
        for name, flag in flags(type(self)).items():
            value = getattr(self, name)
            if flag.minimum is not None and value is not None and value < flag.minimum:
                raise InputError(
                    f"{flag.name} is {value}",
                    why=f"it is at least {flag.minimum}",
                    next_step=f"give another {flag.name}, or leave it out",
                )
            if flag.choices and value is not None and value not in flag.choices:
                raise InputError(
                    f"{flag.name} is {printable(str(value))}",
                    why=f"it is one of {', '.join(flag.choices)}",
                    next_step=f"give another {flag.name}, or leave it out",
                )
        self.input_shapes  # noqa: B018 - said at once where it is no shape
        low, high = self.image_range
        if not (math.isfinite(low) and math.isfinite(high) and low != high):
            raise InputError(
                f"--image-range is {low:g} {high:g}",
                why="it is two different numbers: what black and what white are to the model",
                next_step="--image-range 0 1, for example",
            )

    @property
    def input_shapes(self) -> dict[str, tuple[int, ...]]:
        """What `input_shape` says: sizes without the batch, by the input's name, "" for the one."""
        shapes = {}
        for text in self.input_shape:
            name, _, sizes = text.rpartition("=")
            if not re.fullmatch(r"[1-9]\d{0,8}(x[1-9]\d{0,8}){0,5}", sizes) or name in shapes:
                raise InputError(
                    f"--input-shape is '{text}'",
                    why="it is sizes with an x between them, for each input once",
                    next_step="--input-shape 96x96x3, or image=96x96x3,sound=16000, for example",
                )
            shapes[name] = tuple(int(size) for size in sizes.split("x"))
        return shapes


@dataclass(frozen=True, kw_only=True)
class ModelOptions(DataOptions):
    """How a model is quantized and tested."""

    labels: Annotated[
        str | None,
        Flag(
            "--labels",
            "A text file with the names of the classes, one a line, in the order of the output's "
            "elements. [default: of the file's metadata, else of the data]",
            metavar="FILE",
        ),
    ] = None
    signature: Signature = None
    activations: Annotated[
        str,
        Flag(
            "--activations",
            "What tensors are quantized to: int8, or int16, which is finer and takes more "
            "RAM and time; weights are int8.",
            metavar="TYPE",
            choices=ACTIVATIONS,
        ),
    ] = "int8"
    sqnr: Annotated[
        float | None,
        Flag(
            "--sqnr",
            "Mixed precision: as few layers on int16 activations as it takes for outputs of this "
            "signal to quantization noise ratio, in dB; the rest is int8.",
            metavar="DB",
        ),
    ] = None
    keep_edges: Annotated[
        bool,
        Flag(
            "--keep-edges",
            "Inputs and outputs of the types that the model has (float32, uint8, int16), which the "
            "firmware converts. [default: those that it computes with]",
        ),
    ] = False
    no_cache: Annotated[
        bool,
        Flag(
            "--no-cache",
            "Open, quantize and measure anew, whatever the cache has of it, and keep nothing.",
        ),
    ] = field(default=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sqnr is None:
            return
        if not 0 < self.sqnr < math.inf:
            raise InputError(
                f"--sqnr is {self.sqnr:g}",
                why="it is a ratio in dB, above 0",
                next_step="--sqnr 40, for example",
            )
        if self.activations != ACTIVATIONS[0]:
            raise InputError(
                f"--sqnr was given with --activations {self.activations}",
                why="it says how many layers have int16 activations; that makes them all so",
                next_step="give one of both",
            )


@dataclass(frozen=True, kw_only=True)
class ProjectOptions(ModelOptions):
    """What a project is made for and how, whatever the engine."""

    board: Annotated[
        str,
        Flag("--board", "A board id (see `tinygen boards`) or a board file.", short="-b"),
    ]
    out: Annotated[
        str | Path | None,
        Flag(
            "--out",
            "Project folder; of bench, the folder of its projects. [default: one in build]",
            short="-o",
        ),
    ] = None
    optimize: Annotated[
        str,
        Flag(
            "--optimize",
            "What is made small, for aot: cycles (`speed`), flash (`size`), or both "
            "(`balanced`), where a hundredth of one is worth a hundredth of the other.",
            metavar="GOAL",
            choices=("speed", "balanced", "size"),
            engine=True,
        ),
    ] = "balanced"
    without: Annotated[
        tuple[str, ...],
        Flag(
            "--without",
            "A kernel that is not to be used, SET/NAME as the report of a build has it, for aot: "
            "where `verify --layers` found it wrong.",
            metavar="KERNEL",
            engine=True,
        ),
    ] = ()
    arena: Annotated[
        int | None,
        Flag("--arena", "Bytes of arena, for tflm. [default: measured]", minimum=16, engine=True),
    ] = None
    debug: Annotated[
        bool,
        Flag("--debug", "Keep the engine's error texts in the firmware, for tflm.", engine=True),
    ] = False
    trust_project: TrustProject = False
    jobs: Annotated[int | None, Flag("--jobs", "Parallel compilations.", short="-j", minimum=1)] = (
        None
    )


@dataclass(frozen=True, kw_only=True)
class BuildOptions(ProjectOptions):
    """All that `build` and `generate` may be told."""

    engine: Annotated[
        str | None,
        Flag(
            "--engine",
            "How the model runs: compiled to C (aot), or by TensorFlow Lite Micro's interpreter "
            "(tflm). [default: the board's]",
            metavar="NAME",
            choices=("aot", "tflm"),
        ),
    ] = None
    kernel_set: Annotated[
        str | None,
        Flag(
            "--kernel-set",
            "Which kernels the engine uses, of those that `tinygen boards BOARD` names: portable, "
            "dsp, mve, esp32s3 of aot; reference, cmsis_nn, esp_nn, esp_nn_s3 of tflm. [default: "
            "the board's]",
            metavar="NAME",
            engine=True,
        ),
    ] = None
    npu: Annotated[
        str | None,
        Flag(
            "--npu",
            "Have the board's Ethos-U compute what Arm's compiler Vela can give it, for tflm: "
            f"{', '.join(NPUS)}.",
            metavar="NAME",
            choices=NPUS,
            engine=True,
        ),
    ] = None
    name: Name = "model"
    protocol: Annotated[
        str,
        Flag(
            "--protocol",
            "What the firmware answers: `tinygen`, or `mlperf` as well, the commands of MLPerf "
            "Tiny's runner.",
            metavar="NAME",
            choices=("tinygen", "mlperf"),
        ),
    ] = "tinygen"
    locked: Annotated[
        bool,
        Flag(
            "--locked",
            "Refuse other versions of TensorFlow, Keras, PlatformIO, the compiler and tinygen than "
            "those that made the project that is there.",
        ),
    ] = False
    fidelity: Annotated[
        bool,
        Flag(
            "--fidelity",
            "Look at each layer, quantized against float on the data: which one loses the "
            "accuracy.",
        ),
    ] = False
    edited: Annotated[
        str | None,
        Flag(
            "--edited",
            "What becomes of generated files that were edited since: the build takes them "
            "(`keep`), they are put aside (`move`) or written anew (`overwrite`). [default: ask]",
            metavar="WHAT",
            choices=("keep", "move", "overwrite"),
        ),
    ] = None


def flags(options: type[DataOptions]) -> Mapping[str, Flag]:
    """The options by their fields' names, in the order of the command line: required ones first."""
    hints = typing.get_type_hints(options, include_extras=True)
    fields = sorted(dataclasses.fields(options), key=lambda f: f.default is not dataclasses.MISSING)
    return {
        f.name: flag
        for f in fields
        for flag in getattr(hints[f.name], "__metadata__", ())
        if isinstance(flag, Flag)
    }


def given(options: ProjectOptions) -> Mapping[str, Flag]:
    """The engines' options that were given: what is not at its default."""
    defaults = {f.name: f.default for f in dataclasses.fields(options)}
    return {
        name: flag
        for name, flag in flags(type(options)).items()
        if flag.engine and getattr(options, name) != defaults[name]
    }


def shared(options: ProjectOptions) -> dict[str, Any]:
    """What every command that makes projects has of them, by name."""
    return {f.name: getattr(options, f.name) for f in dataclasses.fields(ProjectOptions)}
