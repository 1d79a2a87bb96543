"""What the protocol calls the models of a firmware: src/protocol/tg_models.h."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tinygen import csource
from tinygen.boards import ArenaPlace
from tinygen.project.library import SOURCES
from tinygen.project.naming import MODEL, public, symbol
from tinygen.templates import Identity, render

_HEADER = "src/protocol/tg_models.h"
_TABLE = "src/protocol/tg_models.c"
_TYPED = "MODEL_TYPED"
_SHARED = "tg_arena"
_CANARY_BYTES = 16


class Made(Protocol):
    """What an engine made of a model."""

    @property
    def files(self) -> Mapping[str, bytes]: ...
    @property
    def arena_bytes(self) -> int: ...
    @property
    def arena_place(self) -> ArenaPlace: ...


def protocol_names(models: Sequence[tuple[Identity, Made]]) -> dict[str, bytes]:
    """The files that say it of models that an engine made: path in the project -> content. Empty
    where there is one that has the name by which the protocol calls it."""
    (identity, made), *others = models
    header = made.files[f"{SOURCES}/{MODEL}.h"].decode("utf-8", "surrogateescape")
    symbols = public(header)
    name = identity.c_name
    if others:
        return _several(models, typed=_TYPED in symbols)
    if name == MODEL:
        return {}
    pairs = [(one, symbol(one, name)) for one in symbols if one != _TYPED]
    return {_HEADER: render("tg_models.h.j2", name=name, symbols=pairs).encode()}


def arena_symbols(names: Sequence[str]) -> tuple[str, ...]:
    """The variables that are memory of models with these names."""
    own = tuple(symbol("model_arena", name) for name in names)
    return own if len(names) == 1 else (_SHARED, *own)


def _several(models: Sequence[tuple[Identity, Made]], *, typed: bool) -> dict[str, bytes]:
    shared = [m.arena_bytes for _, m in models if m.arena_place is ArenaPlace.STATIC]
    values = {
        "models": [identity.c_name for identity, _ in models],
        "names": csource.string(" and ".join(identity.name for identity, _ in models)),
        "board": csource.string(models[0][0].board),
        "typed": typed,
        "arena_bytes": max(shared, default=-_CANARY_BYTES) + _CANARY_BYTES,
    }
    return {
        _HEADER: render("tg_models_several.h.j2", **values).encode(),
        _TABLE: render("tg_models.c.j2", **values).encode(),
    }
