"""What Vela writes is a model to TensorFlow Lite Micro: its interpreter on the host, with
upstream's own kernel for the Ethos-U registered, knows each operator, allocates, and hands the
driver a command stream.

The driver is a stand-in: nothing computes, so nothing is said of outputs."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen import tflite
from tinygen.engines.tflm.source import FLATBUFFERS, GEMMLOWP, RUY, TFLITE_MICRO, TflmTree
from tinygen.npu import vela

STAND_IN = Path(__file__).with_name("stand_in")
RUN = """
import ctypes, sys
import numpy as np
from tflite_micro.python.tflite_micro import _runtime, runtime

ctypes.CDLL(_runtime.__file__, mode=ctypes.RTLD_GLOBAL)
ctypes.CDLL(sys.argv[2], mode=ctypes.RTLD_GLOBAL)
interpreter = runtime.Interpreter.from_file(sys.argv[1], custom_op_registerers=["register_ethos_u"])
interpreter.set_input(np.zeros((1, 8, 8, 1), np.int8), 0)
print("allocated", *interpreter.get_output_details(0)["shape"], flush=True)
try:
    interpreter.invoke()
except RuntimeError:
    print("not invoked")
"""


def test_its_interpreter_knows_every_operator(tree: TflmTree, tmp_path: Path) -> None:
    pytest.importorskip("tflite_micro", reason="needs tflite-micro, the extra 'oracle'")
    made = vela.compiled(GOLDEN_MODEL.read_bytes(), "ethos-u55-128")
    (tmp_path / "vela.tflite").write_bytes(made.content)
    folders = [STAND_IN, tree.folder(TFLITE_MICRO), tree.folder(FLATBUFFERS) / "include"]
    folders += [tree.folder(GEMMLOWP), tree.folder(RUY)]
    library = tmp_path / "register.so"
    command = ["g++", "-std=c++17", "-O1", "-fPIC", "-shared", "-w", "-DTF_LITE_STATIC_MEMORY"]
    command += ["-DFLATBUFFERS_LOCALE_INDEPENDENT=0", *(f"-I{folder}" for folder in folders)]
    subprocess.run([*command, STAND_IN / "register.cc", "-o", library], check=True)
    done = subprocess.run(
        [sys.executable, "-c", RUN, tmp_path / "vela.tflite", library],
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout.splitlines()
    assert said[0] == "allocated 1 10"
    assert said[1] == "driver 1 5", "a command stream, and a base for each other tensor"
    file = tflite.parse(made.content, "vela")
    (call,) = file.calls
    tensors = [file.tensors[i] for i in (*call.inputs[1:], *call.outputs)]
    sizes = [math.prod(tensor.shape) for tensor in tensors]
    assert [int(line.removeprefix("base ")) for line in said[2:-1]] == sizes
    assert said[-1] == "not invoked"
