"""Do the lowest direct versions that pyproject.toml allows work, and the newest? `make bounds`.

For each a virtual environment with the light dependencies, then the command line and a build of a
.tflite in it. TensorFlow and what comes with it are left out, which a .tflite does not need: so it
also holds that without the pinned tflite-micro wheel the numpy reference serves, and says so.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "tests" / "golden" / "digits.tflite"
HEAVY = ("tensorflow", "tf-keras", "ai-edge-litert", "tflite-micro")
"""What takes a gigabyte, and its own lowest versions need an older Python."""
BOARD = "qemu-cortex-m4"


def direct() -> list[str]:
    """The light direct dependencies, as pyproject.toml has them."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed: list[str] = tomllib.load(file)["project"]["dependencies"]
    return [one for one in listed if re.split(r"[<>=;~ ]", one)[0] not in HEAVY]


def lowest(requirement: str) -> str:
    """The requirement for exactly the lowest version that it allows."""
    name, _, rest = requirement.partition(">=")
    return f"{name}=={re.split('[,; ]', rest)[0]}" if rest else requirement


def check(name: str, requirements: list[str], folder: Path) -> None:
    """Install, and run. Raises CalledProcessError, with what was said on standard error."""
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True)
    subprocess.run([*pip, "--no-deps", str(ROOT)], check=True)
    env = {**os.environ, "TINYGEN_CACHE": str(folder / "cache"), "PYTHONPATH": ""}

    def tinygen(*words: object) -> str:
        line = [python, "-m", "tinygen", *map(str, words)]
        done = subprocess.run(
            line,
            cwd=folder,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"{name}: tinygen {' '.join(map(str, words))}\n{done.stdout}")
        return done.stdout

    for command in ("build", "generate", "flash", "verify", "bench", "inspect", "boards", "cache"):
        tinygen(command, "--help")
    tinygen("--help")
    tinygen("boards")
    tinygen("inspect", MODEL)
    told = tinygen("build", MODEL, "--board", BOARD, "--out", "p")
    if "the oracle is the numpy reference" not in told:
        sys.exit(f"{name}: no word of the oracle\n{told}")
    try:
        tinygen("verify")  # whose exit code is 0 for MATCH alone
    finally:
        tinygen("stop")
    freeze = [python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"]
    listed = subprocess.run(freeze, capture_output=True, text=True, check=True).stdout
    kept = [line for line in listed.split() if line.lower().split("==")[0] in names()]
    print(f"{name}: works with {', '.join(kept)}", flush=True)


def names() -> set[str]:
    """The direct dependencies' names, and click, which typer brings."""
    return {re.split(r"[<>=;~ ]", one)[0] for one in direct()} | {"click"}


def main() -> None:
    """Both ends; the lowest with the newest of what they bring in turn, as pip resolves it."""
    for name, wanted in (("lowest", [lowest(one) for one in direct()]), ("newest", direct())):
        with tempfile.TemporaryDirectory(prefix="tinygen-bounds-") as folder:
            check(name, wanted, Path(folder))


if __name__ == "__main__":
    main()
