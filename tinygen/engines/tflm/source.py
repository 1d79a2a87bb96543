"""Where TensorFlow Lite Micro comes from: pinned revisions, held against a hash, kept in a cache.

    setup(cache)                        from the public repositories, once; offline afterwards
    setup(cache, source="~/tflm")       from a local copy, or from a company's mirror

Nothing of it is part of tinygen. What is taken is checked by content, so that it does not matter
whether it came from a checkout, a git folder, an archive or a mirror: the files are the same.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen.engines.tflm import fetch
from tinygen.errors import InputError, ToolchainError
from tinygen.progress import SILENT, Progress

SETTING = "TINYGEN_TFLM_SOURCE"
"""Environment variable that stands for `source` where none is given."""

PUBLIC = "https://github.com"
"""The base URL of the public repositories; a mirror serves the same paths below its own."""

_SUFFIXES = (".c", ".cc", ".h", ".inc", ".S", "LICENSE", "LICENSE.txt", "COPYING", "Makefile")


@dataclass(frozen=True)
class Pin:
    """One upstream repository at one revision, and the part of it that is kept.

    `sha256` is the hash of the kept files' paths and contents.
    """

    name: str
    repository: str
    revision: str
    folders: tuple[str, ...]
    sha256: str

    @property
    def folder(self) -> str:
        """The folder it is kept in. Another pin is another folder: an upgrade of tinygen never
        meets the sources of an old one."""
        return f"{self.name}-{self.revision[:12]}-{self.sha256[:8]}"

    def wanted(self, path: str) -> bool:
        """Whether the file `path`, relative to the repository, is kept."""
        return path.endswith(_SUFFIXES) and (
            "/" not in path or any(path.startswith(f"{folder}/") for folder in self.folders)
        )

    def url(self, base: str) -> str:
        """The archive of the revision below the base URL of a server laid out like GitHub."""
        return f"{base.rstrip('/')}/{self.repository}/archive/{self.revision}.zip"


TFLITE_MICRO = Pin(
    "tflite-micro",
    "tensorflow/tflite-micro",
    "90b983c2b3f1480642e040bbd2ddb37b998f3424",
    ("tensorflow/lite", "tensorflow/compiler", "signal"),
    "1f87c96cea5b382a8872e52d371a1a16eace82a13b58663dc6c8ea86d176695a",
)
# The revisions that upstream's own build downloads with it. Of flatbuffers, upstream names the
# tag v25.9.23; schema_generated.h refuses any other version.
FLATBUFFERS = Pin(
    "flatbuffers",
    "google/flatbuffers",
    "187240970746d00bbd26b0f5873ed54d2477f9f3",
    ("include",),
    "06816f818aa1dcba458677c28346cc26009f5549f24d98446bc80b08c78785d1",
)
GEMMLOWP = Pin(
    "gemmlowp",
    "google/gemmlowp",
    "719139ce755a0f31cbf1c37f7f98adcc7fc9f425",
    ("fixedpoint", "internal"),
    "a185501eaec8c702fe67539b1bce587a2faf0c45fb01031ba0710ac627f6ab2d",
)
RUY = Pin(
    "ruy",
    "google/ruy",
    "d37128311b445e758136b8602d1bbd2a755e115d",
    ("ruy/profiler",),
    "3aacc4b643186bc7dcf6aa03fd67162d4d2ecc7757cb400979cfe1595d180771",
)
CMSIS_NN = Pin(
    "CMSIS-NN",
    "ARM-software/CMSIS-NN",
    "4ab83cc3cc98fb85ed6dafb55e8ca02f1628dcae",
    ("Include", "Source"),
    "058f935a28592e439c86d2e48addc08f49ee52e72aa6e1ce654b2851b5a7ec43",
)
# Upstream has no kernels that call ESP-NN: Espressif's copy of upstream has, from the same weeks.
ESP_NN = Pin(
    "esp-nn",
    "espressif/esp-nn",
    "d45b843ca5f873ca9d0706ab0e7f14eafd132e98",
    ("include", "src"),
    "eee2ee3bad2c28c061a51a047c5a6d58eddf6a043e09cc7822dbb10aee179058",
)
ESP_TFLITE_MICRO = Pin(
    "esp-tflite-micro",
    "espressif/esp-tflite-micro",
    "99f49e1498b0984f4db54d9bf3938aceb99ad422",
    ("tensorflow/lite/micro/kernels/esp_nn",),
    "b471401dbae295c832522256f38c99bb961136d39d31555a08adff6b2ad65f16",
)
# Arm's own repository is no GitHub's; Zephyr keeps this copy of it.
ETHOS_U = Pin(
    "hal_ethos_u",
    "zephyrproject-rtos/hal_ethos_u",
    "03567073fe2b9802c0bd73f9534da6f8a03924d1",
    ("include", "src"),
    "a90ad697fb68544d6d168322e34196c66be0bb09e49e839fa8b00c9c0c5b4953",
)
CORE_PINS = (TFLITE_MICRO, FLATBUFFERS, GEMMLOWP, RUY)
"""What every build needs."""
PINS = (*CORE_PINS, CMSIS_NN, ESP_NN, ESP_TFLITE_MICRO, ETHOS_U)
"""All there is: those of the kernel sets and of NPUs too."""


@dataclass(frozen=True)
class TflmTree:
    """The sources on disk, whole and checked: one folder per pin below `root`."""

    root: Path

    def folder(self, pin: Pin) -> Path:
        """Where the repository's files are."""
        return self.root / pin.folder


def installed(cache: Path, pins: Sequence[Pin] = CORE_PINS) -> TflmTree | None:
    """The sources in the cache folder `cache`, if all of `pins` are there."""
    tree = TflmTree(cache / "tflm")
    return tree if all(tree.folder(pin).is_dir() for pin in pins) else None


def setup(
    cache: Path,
    source: str | None = None,
    progress: Progress = SILENT,
    pins: Sequence[Pin] | None = None,
) -> TflmTree:
    """The sources of `pins`, by default of all, put into the folder `cache` unless they are there.

    `source`, or else the environment variable TINYGEN_TFLM_SOURCE, names another place than the
    public repositories: the base URL of a mirror, or a path. A path is one repository or a folder
    that holds several by their names, each a checkout, a bare git folder (`NAME.git` also) or an
    archive (`NAME*.zip`, `.tar.gz`); what is not in it or beside it is downloaded.

    Raises InputError when the path is no such thing and ToolchainError when a repository cannot be
    had or is not the pinned revision; those that were obtained before stay.
    """
    source = source or os.environ.get(SETTING) or PUBLIC
    tree = TflmTree(cache / "tflm")
    for pin in PINS if pins is None else pins:
        if not tree.folder(pin).is_dir():
            _keep(tree.folder(pin), _obtain(pin, source, progress))
    return tree


def _keep(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files aside, then give them their folder, so that it is whole when it is there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        for path, data in files.items():
            target = aside / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        aside.chmod(0o755)
        try:
            aside.rename(folder)
        except OSError:
            if not folder.is_dir():  # another process was first: its copy is as good
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def content_hash(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the paths and contents of `files`, in hexadecimal."""
    lines = (f"{hashlib.sha256(data).hexdigest()} {path}\n" for path, data in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _obtain(pin: Pin, source: str, progress: Progress) -> dict[str, bytes]:
    """The kept files of `pin`, checked."""
    if source.startswith(("http://", "https://")):
        return _download(pin, source, progress)
    given = Path(source).expanduser()
    if not given.exists():
        raise InputError(
            f"there is no {source}",
            why="it was named as the source of TensorFlow Lite Micro",
            next_step=_how(),
        )
    place = fetch.locate(given, pin.name, is_main=pin is TFLITE_MICRO)
    if place is None:
        if pin is TFLITE_MICRO:
            raise InputError(
                f"{source} holds no tflite-micro",
                why="it is neither a checkout, a git folder or an archive of it, "
                "nor a folder with one of these called tflite-micro",
                next_step=_how(),
            )
        return _download(pin, PUBLIC, progress)
    progress.stage(f"Taking {pin.name} from {place}")
    return _checked(pin, fetch.read(place, pin.revision, pin.wanted, pin.folders), str(place))


def _download(pin: Pin, base: str, progress: Progress) -> dict[str, bytes]:
    url = pin.url(base)
    progress.stage(f"Downloading {pin.name}")
    try:
        archive = fetch.download(url)
    except OSError as error:
        raise ToolchainError(
            f"{pin.name} could not be downloaded",
            why=f"{url}: {error}",
            next_step=f"{_how()}; missing: {pin.repository} at {pin.revision}; "
            "or build with --engine aot, which needs none of it",
        ) from error
    return _checked(pin, fetch.unpack(archive, pin.wanted), url)


def _checked(pin: Pin, files: dict[str, bytes], where: str) -> dict[str, bytes]:
    actual = content_hash(files)
    if actual != pin.sha256:
        raise ToolchainError(
            f"{where} is not {pin.name} at the pinned revision",
            why=f"{len(files)} files with the hash {actual[:16]}, expected {pin.sha256[:16]}",
            next_step=f"give a copy of {pin.repository} at {pin.revision}, with no local changes",
        )
    return files


def _how() -> str:
    return (
        "tinygen setup tflm --source PATH_OR_URL: a folder with copies of "
        + ", ".join(pin.name for pin in PINS)
        + " (checkouts, bare git folders or archives), or the base URL of a mirror"
    )
