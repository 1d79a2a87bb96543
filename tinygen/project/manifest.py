"""What a project is: `tinygen.json` as a frozen value, read, checked and versioned here.

The file may be another tinygen's, cut short, or anybody's: every key is required and of its type,
and a path in it does not leave the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from tinygen.boards import ArenaPlace
from tinygen.errors import InputError
from tinygen.ir import Edge
from tinygen.pio.elf import Sizes
from tinygen.printable import printable, shell_word

MANIFEST = "tinygen.json"
VERSION = 6
"""Of the manifest's form: it rises with every key that comes, goes or means something else."""

_SHOWN = 40
"""Characters of a value of somebody's file that an error repeats."""


@dataclass(frozen=True)
class Target:
    """The board that the project is for."""

    id: str
    core: str

    def __post_init__(self) -> None:
        if escapes(self.id) or "/" in self.id or self.id.endswith(".toml"):
            raise ValueError("a board's id is not a path")


@dataclass(frozen=True)
class Source:
    """The model file that the project was made of."""

    file: str
    format: str
    loader: str
    sha256: str


@dataclass(frozen=True)
class Model:
    """The int8 model. `sha256` is that of its .tflite file, which is the project's `file`; `c_name`
    is what it is called in C."""

    name: str
    c_name: str
    file: str
    sha256: str
    source: Source
    macs: int
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]


@dataclass(frozen=True)
class Calibration:
    """What the model was quantized with. `image_range` is what the pixels 0 and 255 are to it."""

    source: str
    random: bool
    samples: int
    image_range: tuple[float, float]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Fidelity:
    """How far one int8 output is from the float model. `sqnr_db` is None where it is infinite."""

    output: str
    samples: int
    sqnr_db: float | None
    rmse: float
    max_abs_diff: float
    argmax_agreement: float | None


@dataclass(frozen=True)
class Arena:
    """The model's memory in bytes. None is what is not known of this very device."""

    bytes: int
    minimum_bytes: int | None
    overhead_bytes: int | None
    """What starting takes beyond the arena that the engine then says it uses."""
    place: ArenaPlace


@dataclass(frozen=True)
class Vectors:
    """How many vectors there are in the project's `file`, whose numbers are expected, and how many
    are of which origin."""

    file: str
    count: int
    oracle: str
    origins: Mapping[str, int]


@dataclass(frozen=True)
class Told:
    """What the build was told of the engine, and of the model's edges: with that, the same int8
    model gives the same program again. None is the board's own choice."""

    kernel_set: str | None
    optimize: str
    without: tuple[str, ...]
    arena: int | None
    debug: bool
    keep_edges: bool
    npu: str | None


@dataclass(frozen=True)
class Other:
    """What a manifest says of a model beside the first one, as it says it of that."""

    kernel_set: str
    told: Told
    model: Model
    data: Calibration | None
    fidelity: tuple[Fidelity, ...]
    arena: Arena
    vectors: Vectors


@dataclass(frozen=True)
class Firmware:
    """What was built: the ELF file's path in the project, its hash, the version of the compiler,
    what it takes."""

    elf: str
    sha256: str
    compiler: str
    bytes: Sizes

    def __post_init__(self) -> None:
        if escapes(self.elf):
            raise ValueError("the ELF file lies outside of the project")


@dataclass(frozen=True)
class Manifest:
    """All that a project says of itself.

    `tinygen` is the version that wrote it; `made_with` names the versions of what its bytes come
    from. `files` are the generated files by their paths in the project, with their SHA-256. `data`
    is None for a model that was int8 already, `firmware` until the project is built. `others` are
    the further models of a firmware that has several.
    """

    version: int
    tinygen: str
    made_with: Mapping[str, str]
    engine: str
    kernel_set: str
    told: Told
    board: Target
    model: Model
    data: Calibration | None
    fidelity: tuple[Fidelity, ...]
    arena: Arena
    vectors: Vectors
    others: tuple[Other, ...]
    files: Mapping[str, str]
    firmware: Firmware | None

    def __post_init__(self) -> None:
        for name in self.files:
            if escapes(name):
                raise ValueError(f"the file {name[:80]!a} lies outside of the project")

    @property
    def names(self) -> tuple[str, ...]:
        """What its models are called in C."""
        return (self.model.c_name, *(other.model.c_name for other in self.others))

    def about(self, index: int) -> Manifest:
        """The same, as if that model were the only one."""
        if index == 0:
            return replace(self, others=())
        other = self.others[index - 1]
        own = {field.name: getattr(other, field.name) for field in fields(other)}
        return replace(self, others=(), **own)

    def to_bytes(self) -> bytes:
        """The file; the same manifest gives the same bytes."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted")) + b"\n"


def read(folder: Path) -> Manifest:
    """The manifest of the project in `folder`; InputError says which key is wrong, and of whose."""
    file = folder / MANIFEST
    try:
        content = file.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} is not a complete tinygen project",
            why=f"{MANIFEST} cannot be read: {error}",
            next_step="tinygen build MODEL --board BOARD",
        ) from error
    keys = _keys(content, file)
    version = keys.get("version", 1)
    if isinstance(version, int) and version != VERSION:
        raise InputError(
            f"{folder} is a project of {'a newer' if version > VERSION else 'an older'} tinygen",
            why=_versions(keys),
            next_step=_again(folder, keys),
        )
    try:
        return msgspec.convert(keys, Manifest)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InputError(
            f"{file} is not whole",
            why=f"{printable(str(error))}\n{_versions(keys)}",
            next_step=_again(folder, keys),
        ) from error


def generated(folder: Path) -> Mapping[str, str] | None:
    """The files, with their SHA-256, that a build of whatever version left in `folder`.

    None where there was none; InputError where its manifest does not tell, or names files that
    lie elsewhere.
    """
    file = folder / MANIFEST
    try:
        content = file.read_bytes()
    except OSError:
        return None
    keys = _keys(content, file)
    try:
        files = msgspec.convert(keys.get("files"), dict[str, str])
    except msgspec.ValidationError as error:
        raise _unknown_files(file, f"its key files: {error}\n{_versions(keys)}") from error
    for name in files:
        if escapes(name):
            raise _unknown_files(file, f"it names a file outside of the project: {name[:80]!a}")
    return files


def _keys(content: bytes, file: Path) -> dict[str, Any]:
    """The file's keys, whatever they are; InputError where it is no JSON object."""
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unknown_files(file, f"{error}; this is tinygen {_installed()}") from error


def _unknown_files(file: Path, why: str) -> InputError:
    return InputError(
        f"{file} is not whole",
        why=printable(why, "\n"),
        next_step=f"build into another folder with --out; or remove {file.parent}, but for what is "
        "yours in it, and build again",
    )


def _versions(keys: Mapping[str, Any]) -> str:
    version, written = (
        printable(str(keys.get(key, default))[:_SHOWN])
        for key, default in (("version", 1), ("tinygen", "of an unknown version"))
    )
    return (
        f"its manifest has the version {version}, written by tinygen {written}; this is tinygen "
        f"{_installed()}, which reads version {VERSION}"
    )


def _again(folder: Path, keys: Mapping[str, Any]) -> str:
    board = keys.get("board")
    known = board.get("id") if isinstance(board, dict) else None
    word = shell_word(printable(known[:_SHOWN])) if isinstance(known, str) and known else "BOARD"
    return f"tinygen build MODEL --board {word} --out {shell_word(folder)}"


def _installed() -> str:
    return metadata.version("tinygen")


def escapes(name: str) -> bool:
    """Whether a path is anything but a plain relative one, on any system."""
    path = PurePosixPath(name)
    odd = path.is_absolute() or ".." in path.parts or not path.parts
    return odd or any(c in name for c in "\\:\0")
