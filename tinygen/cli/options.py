"""The options and arguments that commands share."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from tinygen.options import (
    DataOptions,
    Flag,
    TrustProject,
    flags,
)

_NAMES = tuple[str, ...]


def _typer_option(hint: Any) -> Any:
    """An option of tinygen's, as Typer has it."""
    flag = next(m for m in hint.__metadata__ if isinstance(m, Flag))
    names = (flag.name, flag.short) if flag.short else (flag.name,)

    def complete_choice(incomplete: str) -> list[str]:
        return _starting(flag.choices, incomplete)

    complete = complete_board if flag.name == "--board" else None
    if flag.choices:
        complete = complete_choice
    return typer.Option(
        *names, help=flag.help, metavar=flag.metavar, min=flag.minimum, autocompletion=complete
    )


def complete_board(incomplete: str) -> list[str]:
    """The boards whose id starts so, for the shell."""
    from tinygen.boards import BOARD_IDS

    return _starting(BOARD_IDS, incomplete)


def _starting(words: tuple[str, ...], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]


Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
ModelArgument = Annotated[
    Path,
    typer.Argument(
        help="A .h5, .keras, .tflite, .onnx, .pt2 or frozen .pb file, or a SavedModel folder."
    ),
]
ModelsArgument = Annotated[
    list[Path], typer.Argument(help="Model files, each as `build` takes it.", metavar="{model}...")
]
ProjectArgument = Annotated[
    Path | None,
    typer.Argument(help="A project folder. [default: the last build of this directory]"),
]
NameOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="What the model is called in C, where the firmware has several.",
    ),
]
PortOption = Annotated[
    str | None,
    typer.Option(
        "--port",
        "-p",
        help="A serial device, a pyserial URL (socket://, rfc2217://), or a machine with Linux "
        "(ssh://USER@HOST). [default: the emulator or the machine that `flash` started it on, or "
        "the one port with the board's USB id]",
    ),
]


TrustProjectOption = Annotated[bool, _typer_option(TrustProject)]


FirmwareModels = Annotated[
    list[Path],
    typer.Argument(
        metavar="MODEL...",
        help="A .h5, .keras, .tflite, .onnx, .pt2 or frozen .pb file, or a SavedModel folder; of "
        "several one firmware is made.",
    ),
]
_OF_EACH = ("data", "test", "labels", "name")
_NONE = "-"


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameter `options` is one of `tinygen.options`, as one that has a parameter
    for each option in it: Typer makes the command line of a function's parameters. Where that is a
    tuple of such, there is one for each of the command's `models`, and what is said of each of them
    is an option that comes as often."""
    signature = inspect.signature(command, eval_str=True)
    hint = signature.parameters["options"].annotation
    several = typing.get_origin(hint) is tuple
    kind: type[DataOptions] = typing.get_args(hint)[0] if several else hint
    hints = typing.get_type_hints(kind, include_extras=True)
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    names = tuple(flags(kind))

    @functools.wraps(command)
    def call(**values: Any) -> None:
        given = {name: _given(hints[name], values.pop(name)) for name in names}
        if several:
            each = _for_each(given, len(values["models"]))
            command(options=tuple(kind(**{**given, **own}) for own in each), **values)
        else:
            command(options=kind(**given), **values)

    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name != "options":
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        parameters += [_parameter(name, hints[name], defaults[name]) for name in names]
        if several:
            parameters = [_as_often(p) if p.name in _OF_EACH else p for p in parameters]
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    return call


def _parameter(name: str, hint: Any, default: Any) -> inspect.Parameter:
    kind, *_ = typing.get_args(hint)
    if kind == _NAMES:
        kind, default = str, ",".join(default)
    elif Iterable[Any] in typing.get_args(kind):  # what only Python can give
        kind = str | None
    elif Path in typing.get_args(kind):
        kind = Path | None
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if default is dataclasses.MISSING else default,
        annotation=Annotated[kind, _typer_option(hint)],
    )


def _as_often(parameter: inspect.Parameter) -> inspect.Parameter:
    """An option that may be given once for each model."""
    *_, option = typing.get_args(parameter.annotation)
    said = copy.copy(option)
    said.help = f"{option.help} Of several models once for each, in their order; - for none."
    return parameter.replace(annotation=Annotated[list[str] | None, said], default=None)


def _for_each(given: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """What is said of each of so many models, which is taken out of `given`."""
    found: list[dict[str, Any]] = [{} for _ in range(count)]
    for name in _OF_EACH:
        words = given.pop(name, None) or []
        if words and len(words) != count:
            raise typer.BadParameter(
                f"--{name} was given {len(words)} times for {count} models: it is said of each, "
                f"in their order, {_NONE} where there is none"
            )
        for own, word in zip(found, words, strict=False):
            if word != _NONE:
                own[name] = word
    return found


def _given(hint: Any, value: Any) -> Any:
    """What an option's text means: several names are written with commas."""
    if typing.get_args(hint)[0] == _NAMES:
        return names(value)
    return value


def names(text: str) -> tuple[str, ...]:
    """Several names, written with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
