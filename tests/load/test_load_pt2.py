"""Exported PyTorch programs are opened only where they hold numbers and PyTorch's own operators."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from tinygen.errors import InputError, UntrustedModel
from tinygen.load.pt2 import require_numbers

PLAIN = {"target": "torch.ops.aten.conv2d.default", "inputs": []}
NOTHING: Mapping[str, bytes] = {}
WEIGHT = {"path_name": "weight_0", "use_pickle": False}


def archive(
    nodes: list[Any] | None = None,
    weight: dict[str, Any] | None = None,
    files: Mapping[str, bytes] = NOTHING,
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("net/archive_format", "pt2")
        made.writestr("net/models/model.json", json.dumps({"graph": {"nodes": nodes or [PLAIN]}}))
        config = {"config": {"0.weight": weight or WEIGHT}}
        made.writestr("net/data/weights/model_weights_config.json", json.dumps(config))
        for name, content in files.items():
            made.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    "size", ["s0", "2*s0 + 1", "Max(1, s0)", "Mod(s0, 8)", "Symbol('s3', positive=True)"]
)
def test_numbers_are_opened(size: str) -> None:
    require_numbers(archive([PLAIN, {"as_expr": {"expr_str": size}}]), "net.pt2")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (archive(weight={"path_name": "weight_0", "use_pickle": True}), "weight_0 is pickled"),
        (archive(weight={"path_name": "custom_obj_0"}), "custom_obj_0 is an object"),
        (archive(weight={"path_name": "opaque_obj_3"}), "opaque_obj_3 is an object"),
        (archive([{"target": "torch.ops.mine.run.default", "inputs": []}]), "torch.ops.mine.run"),
        (archive([{"target": "os.system", "inputs": []}]), "os.system"),
        (archive([{"as_expr": {"expr_str": "__import__('os').system('id')"}}]), "expression"),
        (archive([{"as_expr": {"expr_str": "eval(s0)"}}]), "expression"),
        (archive([{"as_expr": {"expr_str": "s0.real"}}]), "expression"),
        (archive(files={"net/data/aotinductor/a.so": b"\x7fELF"}), "a.so"),
    ],
)
def test_what_could_run_code_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(UntrustedModel) as caught:
        require_numbers(content, "net.pt2")
    assert why in caught.value.why


def test_a_damaged_archive_is_told() -> None:
    content = archive()
    with pytest.raises(InputError, match="damaged"):
        require_numbers(content[: len(content) // 2], "net.pt2")
