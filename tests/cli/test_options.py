"""An option stands once: the same on every command line, in Python and at the engines."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.main

import tinygen
from tests.runner import GOLDEN_MODEL
from tinygen.api import bench, build
from tinygen.api.bench_options import BenchOptions
from tinygen.boards import get_board
from tinygen.cli.app import app
from tinygen.engines import ENGINES
from tinygen.errors import InputError
from tinygen.options import (
    BuildOptions,
    ModelOptions,
    ProjectOptions,
    flags,
    given,
    shared,
)

COMMANDS: dict[str, type[ProjectOptions]] = {
    "build": BuildOptions,
    "generate": BuildOptions,
    "bench": BenchOptions,
}
NO_OPTIONS = {"model", "models", "json", "help", "fail_if", "junit", "json_file", "csv", "markdown"}
"""What is about the result, and not about what is built."""
ENGINES_OPTIONS: dict[str, Any] = {
    **{"kernel_set": "portable", "optimize": "speed", "arena": 4096, "debug": True},
    "without": ("dsp/conv_2d",),
    "npu": "ethos-u55-128",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_line_has_every_option_of_the_function(command: str) -> None:
    parsed = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    shown = {p.name: p for p in parsed.params if p.name not in NO_OPTIONS}
    options = flags(COMMANDS[command])
    assert shown.keys() == options.keys()
    fields = {f.name: f for f in dataclasses.fields(COMMANDS[command])}
    for name, flag in options.items():
        assert {flag.name, flag.short} - {""} == set(shown[name].opts)
        assert shown[name].help.startswith(flag.help.split(" [")[0])
        default = fields[name].default
        if shown[name].multiple:  # said once for each model; of none it is the function's own
            assert shown[name].default is None
        elif default is dataclasses.MISSING:
            assert shown[name].required
        elif isinstance(default, tuple) and name != "image_range":
            assert shown[name].default == ",".join(default)
        else:
            assert shown[name].default == default

    function = inspect.signature(getattr(tinygen, command))
    assert list(function.parameters) == ["model", *fields]


def test_every_field_but_the_listener_is_an_option() -> None:
    for kind in (ModelOptions, ProjectOptions, BuildOptions, BenchOptions):
        assert {f.name for f in dataclasses.fields(kind)} - flags(kind).keys() == {"progress"}


@pytest.mark.parametrize("command", COMMANDS)
def test_options_reach_the_call_as_they_were_given(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    called: list[tuple[Path | list[Path], ProjectOptions]] = []

    class Reached(Exception):
        pass

    def call_bench(models: list[Path], options: ProjectOptions) -> None:
        called.append((models, options))
        raise Reached

    def call_each(each: Sequence[tuple[Path, ProjectOptions]]) -> None:
        called.extend(each)
        raise Reached

    module: Any = bench if command == "bench" else build
    name = "bench_engines" if command == "bench" else f"{command}_several"
    monkeypatch.setattr(module, name, call_bench if command == "bench" else call_each)
    words = ["m.h5", "-b", "uno", "-d", "d.npz", "--test", "t.npz", "--image-range", "-1", "1"]
    words += ["--trust-model", "--seed", "7", "-o", str(tmp_path), "--arena", "2048", "--debug"]
    words += ["-j", "3", "--engine", "tflm", "--json"]
    with pytest.raises(Reached):
        app([command, *words], standalone_mode=False)
    ((model, options),) = called
    assert model == ([Path("m.h5")] if command == "bench" else Path("m.h5"))
    common = ProjectOptions(
        board="uno",
        data="d.npz",
        test="t.npz",
        image_range=(-1.0, 1.0),
        trust_model=True,
        seed=7,
        out=tmp_path,
        arena=2048,
        debug=True,
        jobs=3,
    )
    assert shared(options) == {**shared(common), "progress": options.progress}
    assert isinstance(options, COMMANDS[command])
    if isinstance(options, BenchOptions):
        assert options.engines == ("tflm",)


def test_engines_take_only_options_that_there_are() -> None:
    known = {name for name, flag in flags(BuildOptions).items() if flag.engine}
    assert known == ENGINES_OPTIONS.keys()
    for engine in ENGINES.values():
        assert engine.options <= known


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("option", ENGINES_OPTIONS)
def test_an_option_is_taken_or_refused_by_name(name: str, option: str) -> None:
    board = get_board("qemu-cortex-m55")
    engine = ENGINES[name]
    value = ENGINES_OPTIONS[option]
    if option == "kernel_set":
        value = engine.kernel_sets(board)[0]
    options = BuildOptions(board=board.id, **{option: value})
    assert set(given(options)) == {option}
    if option in engine.options:
        engine.check(options, board)
        return
    with pytest.raises(InputError) as raised:
        engine.check(options, board)
    flag = flags(BuildOptions)[option].name
    assert flag in raised.value.what
    assert name in raised.value.what
    assert flag in raised.value.next_step


@pytest.mark.parametrize(
    "wrong",
    [
        {"arena": 15},
        {"seed": -1},
        {"jobs": 0},
        {"image_range": (1.0, 1.0)},
        {"image_range": (0.0, float("nan"))},
    ],
)
def test_a_number_out_of_range_is_refused_in_python_too(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError) as raised:
        tinygen.build(GOLDEN_MODEL, board="qemu-cortex-m3", **wrong)
    assert next(iter(wrong)).replace("_", "-") in raised.value.what


def test_an_option_that_does_not_exist_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="colour"):
        tinygen.build(GOLDEN_MODEL, board="uno", colour="red")  # type: ignore[call-arg]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_function_says_what_its_keywords_mean(command: str) -> None:
    function = getattr(tinygen, command)
    for name, flag in flags(COMMANDS[command]).items():
        said = " ".join(function.__doc__.split())
        assert f" {name} : " in said
        assert flag.help in said
        hint = inspect.signature(function).parameters[name].annotation
        assert "Flag" not in str(hint)
