"""A file with two models in it was refused as one with control flow; of a SavedModel with several
signatures one was taken that nobody had named. Now `--signature` says which."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

import tinygen
from tests.ops.tflite_file import edited
from tests.runner import GOLDEN_MODEL
from tinygen import tflite
from tinygen.errors import InputError
from tinygen.load import load
from tinygen.proof.verdict import Verdict


def _two(names: tuple[str, ...] = ("classify", "embed")) -> bytes:
    """The digits model, and one that ends before its last layer, in one file."""
    from ai_edge_litert import schema_py_generated as schema

    def change(model: Any) -> None:
        (whole,) = model.subgraphs
        part = copy.deepcopy(whole)
        part.operators.pop()
        part.outputs = part.operators[-1].outputs
        model.subgraphs = [whole, part]
        model.signatureDefs = [
            schema.SignatureDefT(
                inputs=[schema.TensorMapT(name="image", tensorIndex=graph.inputs[0])],
                outputs=[schema.TensorMapT(name="y", tensorIndex=graph.outputs[0])],
                signatureKey=name,
                subgraphIndex=index,
            )
            for index, (name, graph) in enumerate(zip(names, model.subgraphs, strict=True))
        ]

    return edited(GOLDEN_MODEL.read_bytes(), change)


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "two.tflite"
    path.write_bytes(content)
    return path


def test_either_is_compiled_and_runtimes_see_the_same(tmp_path: Path) -> None:
    path = _file(tmp_path, _two())
    whole, part = (tinygen.inspect(path, signature=name) for name in ("classify", "embed"))
    assert len(whole.layers) == len(part.layers) + 1
    assert part.signatures == ("embed", "classify")
    tinygen.build(path, board="linux-x86_64", signature="embed", out=tmp_path / "embed")
    result = tinygen.verify(tmp_path / "embed")
    assert result.verdict is Verdict.MATCH
    assert result.litert is not None
    assert len(result.outputs) == 1
    assert tflite.subgraphs((tmp_path / "embed/model.tflite").read_bytes()) == 1


def test_which_one_has_to_be_said(tmp_path: Path) -> None:
    path = _file(tmp_path, _two())
    with pytest.raises(InputError, match="several signatures") as caught:
        load(path)
    assert caught.value.why == "its signatures are: classify, embed"
    assert caught.value.next_step == "say which one: --signature classify, for example"
    with pytest.raises(InputError, match="no signature 'Embed'") as caught:
        load(path, signature="Embed")
    assert "classify, embed" in caught.value.why


def test_the_one_that_serves_is_taken_by_itself(tmp_path: Path) -> None:
    path = _file(tmp_path, _two(("extra", "serving_default")))
    assert load(path).signatures == ("serving_default", "extra")


def test_a_keras_file_has_none(tmp_path: Path) -> None:
    keras_file = tmp_path / "net.keras"
    keras_file.write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=r"--signature was given for 'net\.keras'"):
        load(keras_file, signature="x")


@pytest.mark.parametrize("index", [7, -1])
def test_a_signature_of_no_subgraph(tmp_path: Path, index: int) -> None:
    def change(model: Any) -> None:
        model.signatureDefs[1].subgraphIndex = index & 0xFFFFFFFF

    path = _file(tmp_path, edited(_two(), change))
    with pytest.raises(InputError, match="damaged"):
        load(path, signature="classify")
