"""The options of a command as keywords of its function in Python."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import textwrap
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, overload

from tinygen.api.in_memory import Model, as_files, model_file
from tinygen.errors import InputError
from tinygen.options import DataOptions, flags

P = ParamSpec("P")
OptionsT = TypeVar("OptionsT", bound=DataOptions)
Result = TypeVar("Result")


OF_EACH = ("data", "test", "labels", "name")
"""What is said of each model, where there are several: a list, in the order of the models."""
_WORDS = ("labels", "name")
"""Of that what is words, with commas."""


@overload
def by_keywords(
    options: Callable[P, OptionsT],
    call: Callable[[Path, OptionsT], Result],
    name: str,
    *,
    many: Literal[False] = False,
) -> Callable[Concatenate[Model, P], Result]: ...


@overload
def by_keywords(
    options: Callable[P, OptionsT],
    call: Callable[[Path, OptionsT], Result],
    name: str,
    *,
    many: Literal[True],
) -> Callable[Concatenate[Model | Sequence[Model], P], Result]: ...


@overload
def by_keywords(
    options: Callable[P, OptionsT],
    call: Callable[[Path, OptionsT], Result],
    name: str,
    *,
    several: Callable[[Sequence[tuple[Path, OptionsT]]], Result],
) -> Callable[Concatenate[Model | Sequence[Model], P], Result]: ...


def by_keywords(
    options: Callable[P, OptionsT],
    call: Callable[[Path, OptionsT], Result],
    name: str,
    *,
    many: bool = False,
    several: Callable[[Sequence[tuple[Path, OptionsT]]], Result] | None = None,
) -> Callable[..., Result]:
    """`call`, which takes a model and its options, as `name(model, board=..., seed=...)`; or `many`
    models in a list; `several` takes a list of models, of each of which its own is said."""

    def function(model: Any, *args: P.args, **kwargs: P.kwargs) -> Result:
        if several is not None and isinstance(model, list | tuple):
            with contextlib.ExitStack() as held:
                of_each = [
                    held.enter_context(as_files(one, options(*args, **own)))
                    for one, own in zip(model, _of_each(kwargs, len(model)), strict=True)
                ]
                return several(of_each)
        told = options(*args, **kwargs)
        if many and isinstance(model, list | tuple):
            if not model:
                raise InputError("there is no model", next_step=f"{name}([model], ...)")
            with contextlib.ExitStack() as held:
                first, *others = model
                path, given = held.enter_context(as_files(first, told))
                paths: Any = [path, *(held.enter_context(model_file(one)) for one in others)]
                return call(paths, given)
        with as_files(model, told) as (path, given):
            return call(path, given)

    kind: Any = Model | Sequence[Model] if many or several else Model
    model = inspect.Parameter("model", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind)
    types = typing.get_type_hints(options)  # without what only the command line reads
    each = [
        parameter.replace(annotation=types[name])
        for name, parameter in inspect.signature(options).parameters.items()
    ]
    function.__signature__ = inspect.Signature([model, *each])  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    function.__module__ = call.__module__
    assert isinstance(options, type)
    function.__doc__ = _with_parameters(inspect.getdoc(call) or "", options, types)
    return function


def _of_each(keywords: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """The keywords for each of so many models."""
    found = [dict(keywords) for _ in range(count)]
    for name in OF_EACH:
        if keywords.get(name) is None:
            continue
        given = keywords[name]
        given = given.split(",") if isinstance(given, str) and name in _WORDS else given
        if not isinstance(given, list | tuple) or len(given) != count:
            raise InputError(
                f"{name} is not said of {count} models",
                why=f"there are {count}, and it is said of each",
                next_step=f"give {name} {'with commas' if name in _WORDS else 'as a list'}, in the "
                "order of the models",
            )
        for own, value in zip(found, given, strict=True):
            own[name] = value
    return found


def _with_parameters(doc: str, options: type[DataOptions], types: Mapping[str, Any]) -> str:
    """The docstring with the section of numpydoc that says what each keyword means."""
    told = flags(options)
    lines = ["Parameters", "----------", "model : path or Keras model"]
    lines.append(
        "    A .h5, .keras, .tflite, .onnx, .pt2 or frozen .pb file, a SavedModel folder, or a"
        " Keras model."
    )
    for field in dataclasses.fields(options):
        flag = told.get(field.name)
        help_ = "Who is told how far it is." if flag is None else flag.help
        lines += [f"{field.name} : {_type_name(types[field.name])}", *_wrapped(help_)]
    head, mark, rest = doc.partition("Returns\n-------")
    return f"{head.rstrip()}\n\n{chr(10).join(lines)}\n\n{mark}{rest}\n"


def _wrapped(text: str) -> list[str]:
    text = text if text.endswith((".", "]")) else f"{text}."
    return textwrap.wrap(text, 92, initial_indent="    ", subsequent_indent="    ")


def _type_name(kind: Any) -> str:
    if isinstance(kind, type) and not typing.get_args(kind):
        return kind.__name__
    text = str(kind).replace("pathlib.", "").replace("collections.abc.", "")
    return text.replace("typing.", "").replace("tinygen.progress.", "")
