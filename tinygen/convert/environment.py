"""Environments of packages that converters need: made once, in the cache, at pinned versions.

found = environment("onnx")
found.require("net.onnx")       # or the command that makes it
found.run("tinygen.converters.onnx_child", "convert", folder)
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinygen import processes
from tinygen.errors import InputError, ToolchainError
from tinygen.pio import core
from tinygen.progress import Progress

FOLDER = "environments"
"""The folder in the cache of all of them."""
_LOCKS = Path(__file__).with_name("locks")
_WHOLE = "tinygen.whole"
"""The file in an environment that is written last."""
_LAST_OLD = (3, 11)
_TIMEOUT_SECONDS = 3600
_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_LINES = 4
_COLLECTED = ("Collecting ", "Requirement already satisfied: ")
"""How the lines begin in which pip names a package."""


@dataclass(frozen=True)
class Environment:
    """What it opens, what is installed, and what that takes, as measured on two cores."""

    name: str
    opens: str
    lock: str
    requirements: tuple[str, ...]
    indices: tuple[str, ...]
    download_mb: int
    disk_mb: int
    seconds: int

    @property
    def folder(self) -> Path:
        """Where it is or will be: another version of what it holds has another folder."""
        digest = hashlib.sha256((_LOCKS / self.lock).read_bytes()).hexdigest()
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return core.cache_dir() / FOLDER / f"{self.name}-{version}-{digest[:12]}"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def is_there(self) -> bool:
        """Whether it was made whole, and its interpreter still is."""
        return (self.folder / _WHOLE).is_file() and self.python.exists()

    @property
    def cost(self) -> str:
        """What making it takes."""
        return (
            f"{self.download_mb:,} MB to download, {self.disk_mb / 1000:.1f} GB on disk, about"
            f" {max(1, round(self.seconds / 60))} min on a fast line"
        )

    def versions(self) -> dict[str, str]:
        """Those of the packages that were asked for."""
        pins = (line.partition("==") for line in (_LOCKS / self.lock).read_text().splitlines())
        return {name: rest.partition(";")[0] for name, _, rest in pins if name in self.requirements}

    def require(self, model: str) -> None:
        """InputError, with the command that makes it, where it is not there; `model` needs it."""
        if not self.is_there:
            raise InputError(
                f"'{model}' is {self.opens}, and what converts it is not set up",
                why=f"{' and '.join(self.requirements)} need an environment of their own: "
                + self.cost,
                next_step=f"tinygen setup {self.name}",
            )

    def make(self, progress: Progress) -> None:
        """Make it, or go on where an interruption left it; ToolchainError where that fails."""
        import fcntl

        if self.is_there:
            progress.note(f"it is there: {self.folder}")
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "tinygen.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                progress.warn(f"it is being made by another process: waiting ({self.folder})")
                fcntl.flock(lock, fcntl.LOCK_EX)
            if self.is_there:
                return
            progress.stage(f"Making the environment '{self.name}': {self.cost}")
            self._create(progress)
            self._fill(progress)
            (self.folder / _WHOLE).write_text("\n".join(self.requirements) + "\n")

    def _create(self, progress: Progress) -> None:
        if not self.python.exists():
            _run([sys.executable, "-m", "venv", str(self.folder)], progress, "created")

    def _fill(self, progress: Progress) -> None:
        lock = _LOCKS / self.lock
        options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        index = [word for url in self.indices for word in ("--extra-index-url", url)]
        packages = ["--constraint", str(lock), *self.requirements]
        command = [str(self.python), "-I", "-m", "pip", "install", "--retries", "2", *options]
        pins = {line.partition("==")[0] for line in lock.read_text().splitlines() if "==" in line}
        _run([*command, *index, *packages], progress, "filled", total=len(pins))

    def run(self, module: str, *arguments: str) -> processes.CompletedProcess[bytes]:
        """Run a module of `tinygen.converters` in it. Raises ToolchainError after an hour."""
        try:
            return processes.run_python(
                module, *arguments, input=b"", timeout=_TIMEOUT_SECONDS, python=self.python
            )
        except processes.TimeoutExpired as error:
            raise ToolchainError(
                f"the environment '{self.name}' gave no answer", why=f"within {_TIMEOUT_SECONDS} s"
            ) from error


_ONNX_3_11 = Environment(
    name="onnx",
    opens="an ONNX file",
    lock="onnx-3.11.txt",
    requirements=("onnx2tf",),
    indices=(),
    download_mb=812,
    disk_mb=2575,
    seconds=128,
)
_ONNX_3_12 = Environment(
    name="onnx",
    opens="an ONNX file",
    lock="onnx-3.12.txt",
    requirements=("onnx2tf",),
    indices=(),
    download_mb=162,
    disk_mb=661,
    seconds=64,
)
_TORCH = Environment(
    name="torch",
    opens="a PyTorch program",
    lock="torch.txt",
    requirements=("litert-torch", "torch"),
    indices=(_CPU_INDEX,),
    download_mb=460,
    disk_mb=2138,
    seconds=52,
)
ENVIRONMENTS: tuple[Environment, ...] = (
    _ONNX_3_11 if sys.version_info[:2] <= _LAST_OLD else _ONNX_3_12,
    _TORCH,
)
"""All there are, for the Python that runs here."""


def environment(name: str) -> Environment:
    """The one of this name."""
    return next(one for one in ENVIRONMENTS if one.name == name)


def _run(command: list[str], progress: Progress, what: str, *, total: int = 0) -> None:
    """Run a command and count what it collects, to at most `total`."""
    said: list[str] = []
    collected = 0
    try:
        with processes.start(command, stderr=processes.WITH_OUTPUT) as process:
            for line in _lines(process):
                said.append(line)
                if line.startswith(_COLLECTED):
                    collected = min(collected + 1, total)
                    progress.count(collected, total)
                elif line.startswith("Installing collected packages"):
                    progress.note("downloaded; unpacking")
            code = process.wait()
    except OSError as error:
        raise ToolchainError(f"the environment could not be {what}", why=str(error)) from error
    if code != 0:
        told = [line for line in said if line.startswith("ERROR")] or said
        raise ToolchainError(
            f"the environment could not be {what}",
            why="\n".join(told[-_LINES:]) or f"{command[0]} ended with status {code}",
            next_step="see to the network and the disk (`tinygen doctor`), then give the command"
            " again: it goes on where it stopped",
        )


def _lines(process: processes.Popen[bytes]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line.decode("utf-8", "replace").strip()
