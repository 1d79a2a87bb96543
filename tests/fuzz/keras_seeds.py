"""Small Keras files to start from, in a process of its own: `python -m tests.fuzz.keras_seeds DIR`.

One of them has a Lambda, whose code must never run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.load import keras_builders


def main(folder: Path) -> None:
    """Write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in ("keras", "tf_keras"):
        keras = keras_builders.keras_module(package)
        model = keras_builders.small_cnn(keras)
        hidden = keras_builders.lambda_model(keras, str(folder.resolve() / "EXECUTED"))
        for suffix in (".h5", ".keras"):
            model.save(str(folder / f"{package}{suffix}"))
            hidden.save(str(folder / f"{package}_lambda{suffix}"))
    (folder / "EXECUTED").unlink(missing_ok=True)  # building it ran it
    (folder / "done").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
