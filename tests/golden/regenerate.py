"""Writes firmware/example_model from digits.tflite: `python -m tests.golden.regenerate`.

The generated C is kept, compiled and compared byte for byte, so that a change of the generator
shows in a diff. digits.tflite is examples/digits, quantized; its data is scikit-learn's.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.engines.aot.render import model_files
from tinygen.project import build_id, own
from tinygen.templates import Identity

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "firmware" / "example_model"
MODEL = HERE / "digits.tflite"


def generated() -> dict[str, str]:
    """The files of firmware/example_model, as the generator writes them now."""
    content = MODEL.read_bytes()
    graph = passes.optimize(passes.simplify(tflite.read(content, "digits")))
    program = aot.compile_graph(graph)
    identity = Identity(
        name="digits",
        engine="aot",
        board="example",
        sha256=hashlib.sha256(content).hexdigest(),
        version="example",
    )
    files = model_files(program, identity)
    files["app.c"] = own.example(["model"], arduino=False)
    return {**files, Path(build_id.SOURCE).name: build_id.source(bytes(build_id.BYTES))}


def main() -> None:
    """Write the files."""
    EXAMPLE.mkdir(exist_ok=True)
    for name, text in generated().items():
        (EXAMPLE / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
