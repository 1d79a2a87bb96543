"""SavedModel folders: their graph is inspected before TensorFlow loads it.

A SavedModel holds no Python code, but its graph runs as TensorFlow operations, some of which
read and write files or call Python. Accepted is what cannot do so (`operations.py`). Nothing that
runs by itself at loading is accepted.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tinygen.errors import InputError
from tinygen.ir import Edge
from tinygen.load.files import FORMATS
from tinygen.load.hdf5 import one_line
from tinygen.load.keras_config import untrusted
from tinygen.load.keras_file import checked_input
from tinygen.load.memory import bounded_memory
from tinygen.load.model import SavedModelFunction
from tinygen.load.operations import check_constants, is_harmless, reachable, why_not
from tinygen.load.quiet import import_tensorflow, quiet
from tinygen.load.signature import choose
from tinygen.load.weights import check_finite

_HARMLESS_KINDS = ("user_object", "variable", "function", "bare_concrete_function", "constant")
_CONSTANT = "tf.TrackableConstant"


def load_saved_model(
    files: dict[str, bytes], file_name: str, asked: str | None, *, trust_model: bool
) -> tuple[SavedModelFunction, str, tuple[Edge, ...], tuple[str, ...]]:
    """The function to convert, the loader's name, and its inputs and outputs. `asked` is the
    signature that is meant, None for the one that serves.

    Raises InputError for damaged folders, UntrustedModel for what could touch files or run
    Python.
    """
    tensorflow = import_tensorflow()
    meta_graph = _parse(files["saved_model.pb"], file_name)
    if not trust_model:
        _check(meta_graph, file_name)
    with tempfile.TemporaryDirectory(prefix="tinygen-") as folder:
        for name, data in files.items():  # a private copy: what was inspected is what is loaded
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        try:
            with quiet(), bounded_memory(sum(map(len, files.values()))):
                loaded = tensorflow.saved_model.load(folder)
        except Exception as error:  # whatever TensorFlow raises on a damaged folder
            raise InputError(
                f"'{file_name}' cannot be loaded",
                why=one_line(error).replace(folder, file_name),
                next_step="copy or export the model again: model.export('folder')",
            ) from error
    names = tuple(getattr(loaded, "signatures", {}))
    signature = choose(names, asked, file_name)
    function = loaded.signatures[signature]
    inputs = tuple(
        checked_input(name, _shape(spec.shape), str(spec.dtype.name), file_name)
        for name, spec in sorted(function.structured_input_signature[1].items())
    )
    if not inputs:
        raise InputError(f"'{file_name}' has no input", why=f"signature {signature} takes none")
    check_finite(function.graph.variables, file_name)
    outputs = tuple(sorted(function.structured_outputs))
    loader = f"TensorFlow {tensorflow.__version__} (SavedModel)"
    return SavedModelFunction(signature, names, function, loaded), loader, inputs, outputs


def _shape(shape: Any) -> tuple[int | None, ...]:
    return () if shape.rank is None else tuple(shape.as_list())


def _parse(content: bytes, file_name: str) -> Any:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    proto = saved_model_pb2.SavedModel()
    try:
        proto.ParseFromString(content)
    except DecodeError as error:
        raise InputError(
            f"'{file_name}' is damaged",
            why=f"its saved_model.pb cannot be read: {one_line(error)}",
            next_step="copy or export the model again",
        ) from error
    if len(proto.meta_graphs) != 1 or not proto.meta_graphs[0].HasField("object_graph_def"):
        raise InputError(
            f"'{file_name}' is no SavedModel of TensorFlow 2",
            why=f"it holds {len(proto.meta_graphs)} graphs and no object graph"
            if len(proto.meta_graphs) != 1
            else "it holds no object graph, as those of TensorFlow 1",
            next_step=f"give {FORMATS}, written by TensorFlow 2",
        )
    return proto.meta_graphs[0]


def _check(meta_graph: Any, file_name: str) -> None:
    for index, node in enumerate(meta_graph.object_graph_def.nodes):
        kind = node.WhichOneof("kind")
        # Which class builds an object is its registered name's to say, whatever its kind is. This
        # one makes a tensor of the numbers of a Const in the file, as of a Normalization's mean.
        registered = node.registered_name and not (
            kind == "constant" and node.registered_name == _CONSTANT
        )
        if kind not in _HARMLESS_KINDS or registered or node.saveable_objects:
            what = node.registered_name or ("saver" if node.saveable_objects else kind)
            raise untrusted(
                file_name,
                f"its object {index} ('{what}') runs operations of its own while it is loaded",
            )
    check_constants(meta_graph.graph_def, file_name)
    # What saves and restores checkpoints (it names files) is not among these: the loader reads
    # variables with its own code.
    called = meta_graph.object_graph_def.concrete_functions
    for function, op in reachable(meta_graph.graph_def, called):
        if not is_harmless(op):
            raise untrusted(file_name, why_not(op, function))
