"""The generated C of the example model, byte for byte, and what it computes on the host."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np

from tests.golden.regenerate import EXAMPLE, MODEL, generated
from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.ir import Edge, input_edges
from tinygen.project import sources
from tinygen.project.library import SOURCES
from tinygen.proof import interpret

HARNESS = """
#include <stdio.h>
#include "model.h"
int main(void) {
  float real[MODEL_OUTPUT_0_ELEMENTS];
  if (model_init() != MODEL_OK) return 1;
  while (fread(model_input(0), 1, MODEL_INPUT_0_ELEMENTS, stdin) == MODEL_INPUT_0_ELEMENTS) {
    if (model_invoke() != MODEL_OK) return 2;
    fwrite(model_output(0), 1, MODEL_OUTPUT_0_ELEMENTS, stdout);
    model_dequantize(&model_outputs[0], model_output(0), real);
    fwrite(real, sizeof real[0], MODEL_OUTPUT_0_ELEMENTS, stdout);
  }
  return model_input(1) == NULL && model_output(1) == NULL ? 0 : 3;
}
"""


def compile_model(main: Path, *flags: str) -> Path:
    """main.c with the example model, for the host; kernels beside main.c or in the checkout."""
    binary = main.with_suffix("")
    kernels = EXAMPLE.parent / "kernels"
    includes = [f"-I{folder}" for folder in (main.parent, EXAMPLE, kernels)]
    sources_c = [str(path) for path in (main, EXAMPLE / "model.c", EXAMPLE / "weights.c")]
    warnings = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
    command = ["gcc", "-std=c11", *warnings, "-fno-sanitize-recover=all", *flags, *includes]
    subprocess.run([*command, *sources_c, "-o", str(binary)], check=True)
    return binary


def test_the_generated_c_is_the_golden_one() -> None:
    files = generated()
    assert sorted(files) == sorted(p.name for p in EXAMPLE.iterdir())
    for name, text in files.items():
        kept = (EXAMPLE / name).read_text("utf-8")
        assert text == kept, f"{name} changed: python -m tests.golden.regenerate, and look"


def test_the_generated_c_computes_the_reference(tmp_path: Path) -> None:
    graph = passes.simplify(tflite.read(MODEL.read_bytes(), "digits"))
    program = aot.compile_graph(graph)
    for name, content in sources.kernel_files(program.kernels).items():
        path = tmp_path / Path(name).relative_to(SOURCES)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "main.c").write_text(HARNESS)
    binary = compile_model(tmp_path / "main.c", "-fsanitize=address,undefined")
    inputs = np.random.default_rng(0).integers(-128, 128, (20, 1, 8, 8, 1)).astype(np.int8)
    ran = subprocess.run([str(binary)], input=inputs.tobytes(), capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    output = graph.tensors[graph.outputs[0]]
    rows = np.frombuffer(ran.stdout, np.dtype([("code", "i1", 10), ("real", "<f4", 10)]))
    for sample, row in zip(inputs, rows, strict=True):
        expected = interpret.run(graph, [sample])[output.id].reshape(-1)
        np.testing.assert_array_equal(row["code"], expected)
        np.testing.assert_array_equal(row["real"], Edge.of(output).dequantize(expected))


def test_quantizing_rounds_to_nearest_and_clips(tmp_path: Path) -> None:
    """`model_quantize` against the one rule in numpy, on ties, bounds, infinities and NaN."""
    graph = passes.simplify(tflite.read(MODEL.read_bytes(), "digits"))
    edge = input_edges(graph)[0]
    scale = np.float32(edge.scale)
    generator = np.random.default_rng(0)
    values = np.concatenate(
        [
            (np.arange(-300, 301) * scale / 2).astype(np.float32),
            generator.normal(0, 3, 1000).astype(np.float32),
            np.array([0, -0.0, 1e30, -1e30, np.inf, -np.inf, np.nan, 1e-30], np.float32),
        ]
    )
    values = np.pad(values, (0, -len(values) % 64))
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "model.h"\nint main(void) { float in[64]; int8_t out[64];\n'
        "while (fread(in, 4, 64, stdin) == 64) { model_quantize(&model_inputs[0], in, out);\n"
        "fwrite(out, 1, 64, stdout); } return 0; }\n"
    )
    binary = compile_model(tmp_path / "main.c", "-fsanitize=undefined,float-cast-overflow")
    ran = subprocess.run([str(binary)], input=values.tobytes(), capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    np.testing.assert_array_equal(np.frombuffer(ran.stdout, np.int8), edge.quantize(values))


def test_the_only_variable_is_the_arena(tmp_path: Path) -> None:
    kernels = EXAMPLE.parent / "kernels"
    includes = [f"-I{folder}" for folder in (EXAMPLE, kernels)]
    variables = set()
    for source in ("model.c", "weights.c"):
        compiled = tmp_path / f"{source}.o"
        command = ["gcc", "-std=c11", "-O2", "-fno-pie", "-c", *includes, str(EXAMPLE / source)]
        subprocess.run([*command, "-o", str(compiled)], check=True)
        listed = subprocess.run(["nm", str(compiled)], capture_output=True, text=True, check=True)
        rows = [line.split() for line in listed.stdout.splitlines()]
        variables |= {row[-1] for row in rows if row[-2] in "bBdDC"}
        called = {row[-1] for row in rows if row[-2] == "U"}
        assert called <= {"memcpy", "memset", "memmove"} | weights_symbols(), called
    assert variables == {"model_arena"}


def weights_symbols() -> set[str]:
    return set(
        re.findall(
            r"\b(model_layer_\d+_\w+|model_tensor_\d+)\[", (EXAMPLE / "weights.h").read_text()
        )
    )


def test_only_four_headers_of_the_library_are_needed() -> None:
    program = aot.compile_graph(passes.simplify(tflite.read(MODEL.read_bytes(), "digits")))
    texts = [path.read_text("utf-8") for path in EXAMPLE.iterdir()]
    texts += [content.decode() for content in sources.kernel_files(program.kernels).values()]
    headers = {name for text in texts for name in re.findall(r"#include <(.+)>", text)}
    assert headers <= {"stdalign.h", "stddef.h", "stdint.h", "string.h"}
