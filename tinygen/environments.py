"""Environments of their own, for Python packages that cannot share one with tinygen: made once.

A package that pins another's version would change what tinygen itself runs with. So it lies in a
virtual environment in the cache, and is used only by a process of its own (`run_python`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import sysconfig
from dataclasses import asdict, dataclass
from pathlib import Path

from tinygen import processes
from tinygen.errors import InputError, ToolchainError
from tinygen.locks import alone
from tinygen.paths import write_at_once
from tinygen.progress import SILENT, Progress

FOLDER = "environments"
"""The folder in the cache of all of them."""
_CONSTRAINTS = Path(__file__).with_name("constraints")
_WHOLE = "whole.json"
_SECONDS = 3600.0
_WHY = 4
_PLACES = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Environment:
    """What is installed in one, and what for."""

    name: str
    """As in `tinygen setup NAME`."""
    purpose: str
    """What needs it, for a sentence that begins with this."""
    requirements: tuple[str, ...]
    beside: bool
    """Whether it sees the packages of the Python that runs tinygen too, behind its own: what is
    large and fits need not be there twice."""
    constraints: str = ""
    """The file with the versions of all that is installed; none where the requirements say all."""
    indices: tuple[str, ...] = ()
    """Where pip looks too."""
    cost: str = ""
    """What making it takes, as measured on two cores."""

    def folder(self, cache: Path) -> Path:
        """Where it lies: other requirements or another Python are another environment."""
        ours = str(Path(sys.prefix).resolve()) if self.beside else ""
        pins = (_CONSTRAINTS / self.constraints).read_text("utf-8") if self.constraints else ""
        facts = [*self.requirements, sys.version, ours, *([pins] if pins else [])]
        key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
        return cache / FOLDER / f"{self.name}-{key}"


QAT = Environment(
    "qat",
    "quantization-aware training (compress --qat)",
    ("tensorflow-model-optimization==0.8.1",),
    beside=True,
)
_ONNX_3_11 = Environment(
    "onnx",
    "converting ONNX files",
    ("onnx2tf==1.29.24",),
    beside=False,
    constraints="onnx-3.11.txt",
    cost="812 MB to download, 2.6 GB on disk, about 2 minutes",
)
_ONNX_3_12 = Environment(
    "onnx",
    "converting ONNX files",
    ("onnx2tf==2.6.9",),
    beside=False,
    constraints="onnx-3.12.txt",
    cost="162 MB to download, 0.7 GB on disk, about a minute",
)
ONNX = _ONNX_3_12 if sys.version_info >= (3, 12) else _ONNX_3_11
"""The last onnx2tf for Python 3.11 wants TensorFlow; those after it do not."""
TORCH = Environment(
    "torch",
    "converting PyTorch programs",
    ("litert-torch==0.10.0", "torch==2.13.0"),
    beside=False,
    constraints="torch.txt",
    indices=("https://download.pytorch.org/whl/cpu",),
    cost="460 MB to download, 2.1 GB on disk, 1 to 3 minutes",
)
ENVIRONMENTS: tuple[Environment, ...] = (QAT, ONNX, TORCH)


def is_there(environment: Environment, cache: Path) -> bool:
    """Whether it was made, whole, for this Python."""
    return (environment.folder(cache) / _WHOLE).is_file()


def python_of(environment: Environment, cache: Path) -> Path:
    """Its interpreter, for `processes.run_python`.

    Raises InputError, with the command that makes it, where it is not there.
    """
    folder = environment.folder(cache)
    if not (folder / _WHOLE).is_file():
        raise InputError(
            f"{environment.purpose} needs packages that are not installed",
            why=f"{', '.join(environment.requirements)}, which have an environment of their own"
            + (f": {environment.cost}" if environment.cost else ""),
            next_step=f"tinygen setup {environment.name}",
        )
    return _python(folder)


def create(
    environment: Environment, cache: Path, source: Path | None = None, progress: Progress = SILENT
) -> Path:
    """Make it unless it is there, by pip, from its index or from the folder of wheels `source`.

    Returns its folder. Raises InputError for a `source` that is no folder, ToolchainError, with
    pip's words, where installing fails; nothing is left then.
    """
    folder = environment.folder(cache)
    if (folder / _WHOLE).is_file():
        return folder
    if source is not None and not source.is_dir():
        raise InputError(
            f"'{source}' is no folder",
            why=f"packages for {environment.purpose} are installed from a folder of wheels",
            next_step="python -m pip download --dest FOLDER " + " ".join(environment.requirements),
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_suffix(".lock"), f"tinygen setup {environment.name}"):
        cost = f": {environment.cost}" if environment.cost else ""
        progress.stage(f"Installing {', '.join(environment.requirements)}{cost}")
        # A virtual environment cannot be moved: it is made in its place, and whole when it says so.
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _install(environment, folder, source)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        _say_whole(environment, folder)
    return folder


def _install(environment: Environment, folder: Path, source: Path | None) -> None:
    made = processes.run([sys.executable, "-I", "-m", "venv", str(folder)], timeout=_SECONDS)
    if made.returncode != 0:
        raise ToolchainError(
            f"no environment could be made in {folder}",
            why=_last(made.stdout + made.stderr),
            next_step="install Python's own venv and ensurepip (Debian: apt install python3-venv)",
        )
    python = _python(folder)
    if environment.beside:
        _see_ours(folder)
    options = [word for url in environment.indices for word in ("--extra-index-url", url)]
    options = options if source is None else ["--no-index", "--find-links", str(source)]
    if environment.constraints:
        options += ["--constraint", str(_CONSTRAINTS / environment.constraints)]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        done = processes.run([*pip, *options, *environment.requirements], timeout=_SECONDS)
    except processes.TimeoutExpired as error:
        raise _failed(environment, str(error)) from error
    if done.returncode != 0:
        raise _failed(environment, _last(done.stderr))


def _failed(environment: Environment, said: str) -> ToolchainError:
    return ToolchainError(
        f"the packages for {environment.purpose} could not be installed",
        why=said,
        next_step=f"tinygen setup {environment.name} --source FOLDER, with a folder of wheels"
        " (pip download), where there is no network",
    )


def _last(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return "\n".join([line for line in lines if line.strip()][-_WHY:])


def _see_ours(folder: Path) -> None:
    """The packages that this very Python sees are found behind the environment's own."""
    places = [str(Path(place).resolve()) for place in sys.path if Path(place).name in _PLACES]
    own = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    Path(own, "beside.pth").write_text("\n".join(places) + "\n", "utf-8")


def _say_whole(environment: Environment, folder: Path) -> None:
    """Last, and in one step."""
    write_at_once(folder / _WHOLE, json.dumps(asdict(environment), indent=2).encode())


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
