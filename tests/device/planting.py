"""Plants errors in the sources of a project: what a person who edits, or a compiler, might."""

from __future__ import annotations

import re
from pathlib import Path

from tinygen.project.library import SOURCES

_SIGNATURE = re.compile(r"^TG_INLINE void (tg_\w+)\(([^)]*)\)\s*\{", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"^ {2}(\w+\(.*?\));\n", re.MULTILINE | re.DOTALL)
_INVOKE = "enum model_status model_invoke(void) {\n"
_PLANT = "#define PLANT(call, change) do { call; change; } while (0)\n"
_STAND_IN = "lib/tflm/tensorflow/lite/micro/micro_interpreter.cc"
_STAND_IN_INVOKED = "    const TfLiteStatus status = kernel->invoke(node);\n"
_GRAPH = "lib/tflm/tensorflow/lite/micro/micro_interpreter_graph.cc"
_INVOKED = "    invoke_status = registration->invoke(context_, node);\n"


def in_kernel(project: Path, kernel: str, scratch: bool) -> None:
    """The kernel SET/NAME of the project computes the first element of its last output one too
    high, in its own header; `scratch` says whether its last argument is no output."""
    kernel_set, name = kernel.split("/")
    header = project / SOURCES / kernel_set / f"tg_{name}.h"
    text = header.read_text("utf-8")
    symbol = f"tg_{kernel_set}_{name}"
    found = next(one for one in _SIGNATURE.finditer(text) if one[1] == symbol)
    parameters = [" ".join(part.split()) for part in found[2].split(",")]
    names = [re.findall(r"\w+", part)[-1] for part in parameters]
    output = names[-2 if scratch else -1]
    right = text.replace(f"{symbol}(", f"{symbol}_right(")
    end = right.rindex("#endif")
    planted = (
        f"TG_INLINE void {symbol}({', '.join(parameters)}) {{\n"
        f"  {symbol}_right({', '.join(names)});\n"
        f"  ((uint8_t *){output})[0] ^= 1u;\n}}\n\n"
    )
    header.write_text(right[:end] + planted + right[end:], "utf-8")


def in_layer(project: Path, layer: int, change: str) -> None:
    """A statement of C behind the call of one layer of an aot project, as a part of that call."""
    file = project / SOURCES / "model.c"
    text = file.read_text("utf-8")
    start = text.index(_INVOKE) + len(_INVOKE)
    call = list(_CALL.finditer(text, start))[layer]
    planted = f"{text[: call.start()]}  PLANT({call[1]}, {change});\n{text[call.end() :]}"
    file.write_text(planted.replace(_INVOKE, _PLANT + _INVOKE), "utf-8")


def in_operator(project: Path, operator: int) -> None:
    """The interpreter of a tflm project changes the first byte that one of its operators wrote."""
    file = project / _GRAPH
    text = file.read_text("utf-8")
    assert _INVOKED in text
    planted = (
        f"    if (current_operator_index_ == {operator}) {{\n"
        "      context_->GetEvalTensor(context_, node->outputs->data[0])->data.uint8[0] ^= 1;\n"
        "    }\n"
    )
    file.write_text(text.replace(_INVOKED, _INVOKED + planted), "utf-8")


def in_operator_of_the_stand_in(project: Path, operator: int) -> None:
    """The same of a project with the stand-in for TensorFlow Lite Micro."""
    file = project / _STAND_IN
    text = file.read_text("utf-8")
    assert _STAND_IN_INVOKED in text
    planted = f"    if (i == {operator}) {{\n      node.output->data.uint8[0] ^= 1U;\n    }}\n"
    file.write_text(text.replace(_STAND_IN_INVOKED, _STAND_IN_INVOKED + planted), "utf-8")
