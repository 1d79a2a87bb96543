"""The kinds of file that tinygen reads: where mutation starts, and what is done with a mutant."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import h5py
import numpy as np
import psutil

import tinygen.boards
from tests import host_program
from tests.fuzz import firmware, forked, frozen, mutations, operator_seeds, sandbox
from tests.fuzz.mutations import BYTES, TEXT, Mutation
from tests.fuzz.sandbox import Wrong
from tests.runner import GOLDEN_MODEL, ROOT
from tests.tflm import stand_in
from tinygen import data, project
from tinygen.api.board import project_board
from tinygen.api.build import generate_project
from tinygen.api.built import look
from tinygen.api.prepare import prepare
from tinygen.boards import BOARD_IDS, get_board, parse_board
from tinygen.boards.commands import commands
from tinygen.engines import aot
from tinygen.engines.aot.fit import place_program
from tinygen.engines.aot.optimized import optimized
from tinygen.engines.aot.render import model_files
from tinygen.ir import Int8Model, input_edges
from tinygen.load import hdf5, load
from tinygen.load.quiet import import_tensorflow
from tinygen.options import BuildOptions, ModelOptions
from tinygen.project.platformio import platformio_files
from tinygen.proof import host_worker, oracle, rating, verdict
from tinygen.proof.vectors import Vectors, choose
from tinygen.templates import Identity

Stage = Callable[[str], None]
Target = Callable[[bytes, Stage], str]
IDENTITY = Identity("fuzzed", "aot", "qemu-cortex-m4", "00" * 32, "fuzz")
SEEDS = Path("build", "fuzz", "seeds")


@dataclass(frozen=True)
class Kind:
    """One kind of file, in a process that is ready to fork, which itself takes `base_bytes`."""

    name: str
    suffix: str
    seeds: Sequence[bytes]
    mutations: Sequence[Mutation]
    target: Target
    base_bytes: int = field(default_factory=lambda: psutil.Process().memory_info().rss)


@dataclass(frozen=True)
class Recipe:
    """How many inputs the whole run has of a kind, and the kind itself, which takes a while."""

    count: int
    make: Callable[[], Kind]

    def __call__(self) -> Kind:
        return self.make()


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="tinygen-fuzz-"))


def _share(content: bytes, parts: int) -> bool:
    return zlib.crc32(content) % parts == 0


# .tflite


def _tflite() -> Kind:
    cases = Path(os.environ.get("TINYGEN_CASES", ROOT.parent / "shared" / "cases"))
    models = Path(os.environ.get("TINYGEN_MODELS", ROOT.parent / "shared" / "models"))
    files = [*sorted(cases.glob("*.tflite")), *sorted(models.glob("hello*.tflite"))]
    seeds = [GOLDEN_MODEL.read_bytes(), stand_in.pools((8, 8, 2), (4, 4, 2))]
    seeds += [file.read_bytes() for file in files] + operator_seeds.files()
    folder = _folder()
    from tflite_micro.python.tflite_micro import runtime  # noqa: F401, before the fork

    firmware.prepare()

    def target(content: bytes, stage: Stage) -> str:
        path = folder / "model.tflite"
        path.write_bytes(content)
        return _built(prepare(path, ModelOptions()).model, stage, folder)

    ways = (*[mutations.flatbuffer] * 8, *BYTES)
    return Kind("tflite", ".tflite", seeds, ways, target)


def _built(model: Int8Model, stage: Stage, folder: Path) -> str:
    """What a build does up to the compiler, for the host and for one of several firmwares;
    sometimes the compiler too, and the program."""
    core, goal = firmware.FIRMWARES[zlib.crc32(model.content) % len(firmware.FIRMWARES)]
    programs = aot.compile_graph(optimized(model)), firmware.compiled(model, core, goal)
    for program, board in zip(programs, (get_board("qemu-cortex-m4"), core.target), strict=True):
        place_program(program, board)
        model_files(program, IDENTITY)
    inputs = [value[:6] for value in choose(input_edges(model.graph), (), 0).quantized]
    starts = np.arange(len(inputs[0])) == 0
    rows = list(oracle.reference(model.graph, inputs, starts))
    reference = [np.stack(column) for column in zip(*rows, strict=True)]
    single = len(reference) == len(inputs) == 1 and reference[0].dtype == inputs[0].dtype == np.int8
    if single and _share(model.content, 40):
        with _program_of(folder) as where:
            host_program.write(programs[0], where)
            sandbox._ours[:] = [str(where / "program")]
            got = host_program.run(where, inputs[0])
        if not np.array_equal(got.reshape(-1), reference[0].reshape(-1)):
            raise Wrong("the compiled C and the reference differ")
    if _share(model.content[::-1], 20) and core.missing_tool() is None:
        with _program_of(folder) as where:
            made = firmware.outputs(programs[1], core, inputs, where)
        for ours, theirs in zip(reference, made, strict=True):
            if not np.array_equal(ours, theirs):
                raise Wrong(f"the firmware of {core.name} {goal.value} and the reference differ")
    stage("oracle")
    oracle._worker = _in_this_process
    truth = oracle.expected(model, inputs, starts)
    stage("")
    if truth.name == oracle.REFERENCE:
        return "built, TFLM refuses"
    for ours, theirs in zip(reference, truth.outputs, strict=True):
        if ours.shape != theirs.shape:
            raise Wrong(f"outputs of {ours.shape}, of TFLM {theirs.shape}")
        if not np.array_equal(ours, theirs):
            far = np.abs(ours.astype(float).reshape(-1) - theirs.astype(float).reshape(-1)).max()
            raise Wrong(f"the firmware would be called a MISMATCH: {far:g} off TFLM")
    return "built"


@contextlib.contextmanager
def _program_of(folder: Path) -> Iterator[Path]:
    """A folder for a program, whose compiler and sanitizer may reserve much."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with tempfile.TemporaryDirectory(dir=folder) as where:
        yield Path(where)


def _in_this_process(
    runner: str,
    content: bytes,
    inputs: Sequence[np.ndarray],
    outputs: int,
    arena_bytes: int = 0,
    given: int = 0,
    *,
    starts: np.ndarray,  # noqa: ARG001 - of sequences there is one
) -> tuple[np.ndarray, ...]:
    request = {"model": np.frombuffer(content, np.uint8), "outputs": np.array(outputs)}
    request |= {"arena_bytes": np.array(arena_bytes), "given": np.array(given)}
    try:
        invoke = host_worker.RUNNERS[runner](request)
        rows = [invoke(list(sample)) for sample in zip(*inputs, strict=True)]
    except Exception as error:
        raise oracle._HostRunFailed(str(error)) from error
    return tuple(np.stack(column) for column in zip(*rows, strict=True))


# Keras


def _keras(suffix: str, ways: Callable[[Sequence[bytes]], Sequence[Mutation]]) -> Kind:
    if not (SEEDS / "done").exists():
        command = [sys.executable, "-m", "tests.fuzz.keras_seeds", str(SEEDS)]
        subprocess.run(command, check=True)
    seeds = [file.read_bytes() for file in sorted(SEEDS.glob(f"*{suffix}"))]
    folder = _folder()
    marker = folder / "EXECUTED"
    import_tensorflow()  # before the fork
    import keras
    import tf_keras

    assert keras
    assert tf_keras
    vars(hdf5)["processes"] = forked

    def target(content: bytes, _stage: Stage) -> str:
        path = folder / f"model{suffix}"
        path.write_bytes(content)
        try:
            load(path)
        finally:
            if marker.exists() or (SEEDS / "EXECUTED").exists():
                raise Wrong("a program in the file ran")
        return "opened"

    return Kind(suffix[1:], suffix, seeds, ways(seeds), target)


def _hdf5_attribute(pristine: Sequence[bytes]) -> Mutation:
    """One value in an attribute of JSON, by the library: only of files that are whole, since it may
    end the process on others."""

    def mutate(rng: Random, content: bytes) -> bytes:
        if content not in pristine:
            return content
        buffer = io.BytesIO(content)
        with h5py.File(buffer, "r+") as file:
            name = rng.choice([n for n in file.attrs if "config" in n] or ["model_config"])
            old = file.attrs[name]
            old = old.encode() if isinstance(old, str) else bytes(old)
            file.attrs[name] = np.void(mutations.json_value(rng, old)).tobytes()
        return buffer.getvalue()

    return mutate


def _h5() -> Kind:
    return _keras(".h5", lambda seeds: (*[_hdf5_attribute(seeds)] * 4, *BYTES))


def _keras_zip() -> Kind:
    inner = {".json": (mutations.json_value, mutations.json_value, *TEXT), "": BYTES}
    return _keras(".keras", lambda _: (*[mutations.member(inner)] * 5, *BYTES))


def _pb() -> Kind:
    folder = _folder()
    import_tensorflow()  # before the fork

    def target(content: bytes, _stage: Stage) -> str:
        path = folder / "model.pb"
        path.write_bytes(content)
        load(path)
        return "opened"

    return Kind("pb", ".pb", frozen.seeds(), (*[frozen.change] * 8, *BYTES), target)


# Samples


def _samples(suffix: str, seeds: Sequence[bytes], ways: Sequence[Mutation]) -> Kind:
    edges = load(GOLDEN_MODEL).inputs
    folder = _folder()

    def target(content: bytes, _stage: Stage) -> str:
        path = folder / f"samples{suffix}"
        path.write_bytes(content)
        got = data.read_data(str(path), edges)
        for values in got.inputs:
            if not np.isfinite(values).all() or values.shape[1:] != edges[0].sample:
                raise Wrong(f"samples of {values.shape}, or not finite")
        return "read"

    return Kind(suffix[1:], suffix, seeds, ways, target)


def _images(count: int = 12) -> np.ndarray:
    shape = (count, *load(GOLDEN_MODEL).inputs[0].sample)
    return np.random.default_rng(0).random(shape, np.float32)


def _saved(save: Callable[[io.BytesIO], None]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def _header(rng: Random, content: bytes) -> bytes:
    """The text before the values of an .npy."""
    end = 128
    return mutations.words(rng, content[:end]) + content[end:]


_NPY: Sequence[Mutation] = (_header, _header, *BYTES)


def _npy() -> Kind:
    images = _images()
    arrays = [images, images.astype(np.float64), (images * 255).astype(np.uint8), images[0]]
    arrays += [np.asfortranarray(images), images.astype(">f4"), images.reshape(len(images), -1)]
    return _samples(".npy", [_saved(lambda f, a=a: np.save(f, a)) for a in arrays], _NPY)  # type: ignore[misc]


def _npz() -> Kind:
    images, labels = _images(), np.arange(12) % 10
    seeds = [
        _saved(lambda f: np.savez(f, x=images, y=labels)),
        _saved(lambda f: np.savez_compressed(f, x_train=images, y_train=labels, x_test=images)),
        _saved(lambda f: np.savez(f, images, labels)),
    ]
    return _samples(".npz", seeds, (*[mutations.member({"": _NPY})] * 4, *BYTES))


def _csv() -> Kind:
    rows = (_images(8).reshape(8, -1) * 255).astype(int)
    plain = "\n".join(",".join(map(str, row)) for row in rows)
    header = ",".join([*(f"p{i}" for i in range(rows.shape[1])), "label"])
    labelled = "\n".join([header, *(f"{line},cat" for line in plain.split("\n"))])
    semicolons = plain.replace(",", ";").replace("1", "1,5")
    seeds = [text.encode() for text in (plain, labelled, semicolons, plain.replace(",", "\t"))]
    return _samples(".csv", seeds, TEXT)


# Projects and boards


def _boards() -> Kind:
    folder = Path(tinygen.boards.__file__).parent
    seeds = [(folder / f"{board}.toml").read_bytes() for board in BOARD_IDS]

    def target(content: bytes, _stage: Stage) -> str:
        board = parse_board(content.decode("utf-8", "replace"), "mine.toml")
        platformio_files(board, IDENTITY)
        return "read, would be asked for" if commands(board, ()) else "read"

    return Kind("board", ".toml", seeds, TEXT, target)


def _generated() -> Path:
    out = _folder() / "p"
    here = Path.cwd()
    os.chdir(out.parent)  # which remembers the last build
    try:
        generate_project(GOLDEN_MODEL, BuildOptions(board="qemu-cortex-m4", out=out))
    finally:
        os.chdir(here)
    return out


def _manifest() -> Kind:
    folder = _generated()
    seed = (folder / project.manifest.MANIFEST).read_bytes()

    def target(content: bytes, _stage: Stage) -> str:
        (folder / project.manifest.MANIFEST).write_bytes(content)
        current = project.open_project(folder)
        board = project_board(current)
        look(current, board)
        project.writing.known_files(folder)
        return "read"

    return Kind("tinygen.json", ".json", [seed], (*[mutations.json_value] * 5, *TEXT), target)


def _vectors() -> Kind:
    folder = _generated()
    seed = (folder / project.VECTORS).read_bytes()
    outputs = project.open_project(folder).manifest.model.outputs

    def target(content: bytes, _stage: Stage) -> str:
        checks = Vectors.from_bytes(content)
        if [e.shape for e in outputs] == [a.shape[1:] for a in checks.expected]:
            verdict.compare(outputs, checks, checks.expected)
            rating.accuracy(outputs, checks, checks.expected)
            rating.regression(outputs, checks, checks.expected)
        return "read"

    ways = (*[mutations.member({"": _NPY})] * 4, *BYTES)
    return Kind("vectors.npz", ".npz", [seed], ways, target)


KINDS: Mapping[str, Recipe] = {
    "tflite": Recipe(60_000, _tflite),
    "npz": Recipe(5_000, _npz),
    "npy": Recipe(5_000, _npy),
    "csv": Recipe(5_000, _csv),
    "board": Recipe(5_000, _boards),
    "tinygen.json": Recipe(5_000, _manifest),
    "vectors.npz": Recipe(5_000, _vectors),
    "h5": Recipe(5_000, _h5),
    "keras": Recipe(5_000, _keras_zip),
    "pb": Recipe(2_000, _pb),
}
