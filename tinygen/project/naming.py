"""The name of a model in C: the files, symbols and macros of its library begin with it.

Engines write C under the name `model`, which templates show as it is; another name is put in its
place here, so that libraries of several models meet in one program without a clash. What they share
keeps its name: types, and the kernels, all of whose functions are static.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath

from tinygen.errors import InputError
from tinygen.printable import printable

MODEL = "model"
"""The name that models have where nobody says another."""

SHARED = frozenset(
    {
        *("model_status", "model_type", "model_tensor", "model_typed_tensor"),
        *("MODEL_MAX_RANK", "MODEL_OK", "MODEL_ERROR_CANARY", "MODEL_ERROR_ARENA"),
        *("MODEL_ERROR_INVOKE", "MODEL_ERROR_NPU"),
        *("MODEL_INT8", "MODEL_UINT8", "MODEL_INT16", "MODEL_INT32"),
        *("MODEL_FLOAT32", "MODEL_MEMORY_H", "model_memory_take", "model_memory_largest"),
    }
)
"""What all models call the same: tg_model.h has it, and what takes an arena from the heap."""

_FORM = re.compile(r"[a-z][a-z0-9_]*")
_MOST = 32
"""Characters of a name: compilers, build systems and people read symbols that begin with it."""

_C = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept
const consteval constexpr constinit continue co_await co_return co_yield decltype default delete do
double else enum explicit export extern false float for friend goto if inline int long mutable
namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
reinterpret_cast requires restrict return short signed sizeof static struct switch template this
thread_local throw true try typedef typeid typename typeof union unsigned using virtual void
volatile wchar_t while xor xor_eq
"""
_HEADERS = """
assert complex ctype errno fenv float inttypes iso646 limits locale malloc math memory pthread
regex sched semaphore setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
stdnoreturn string strings tgmath thread threads time uchar unistd wchar wctype arduino
"""
_TARGETS = "all app clean cmake help install kernels main package test tflm zephyr"
_TAKEN = frozenset(f"{_C} {_HEADERS} {_TARGETS}".split())
"""Words of C and C++, headers that the system has, what build systems call targets."""

_TOKENS = re.compile(
    r'(?P<include>#[ \t]*include[ \t]*"[^"\n]+")'
    r"|(?P<comment>/\*.*?\*/|//[^\n]*)"
    r'|(?P<text>"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\')'
    r"|(?P<word>\b[A-Za-z_]\w*)",
    re.DOTALL,
)
_IN_COMMENT = re.compile(
    r'(?P<text>"[^"\n]*")|(?P<file>\b(?:model(?:_data|_operators)?|weights)\.(?:cc|c|h)\b)'
    r"|(?P<word>\b[A-Za-z_]\w*)"
)
_OWN = re.compile(r"(?:model|MODEL)_\w+")
_FILE = re.compile(r"model(_data|_operators)?\.|weights(_\d+)?\.")


def require_name(name: str) -> str:
    """The name; InputError where C cannot have it, or something else has it."""
    said = printable(name)[:60]
    if not _FORM.fullmatch(name) or len(name) > _MOST or "__" in name or name.endswith("_"):
        raise InputError(
            f"'{said}' is no name of a model in C",
            why=f"it is up to {_MOST} small letters, digits and single underscores, a letter first",
            next_step=f"--name {identifier(name)}, for example",
        )
    if name in _TAKEN or name == "tg" or name.startswith("tg_") or name == "model_memory":
        raise InputError(
            f"a model cannot be named {said}",
            why="C, a header of the system, a build system or tinygen has something of that name",
            next_step=f"--name my_{name}, for example",
        )
    return name


def identifier(text: str) -> str:
    """A name in C that is like `text`, which may be anything."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:_MOST].strip("_")
    if not name or not name[0].isalpha():
        name = f"model_{name}".strip("_")[:_MOST]
    return f"my_{name}" if name in _TAKEN or name in ("tg", "model_memory") else name


def named(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    """A project's files, or a library's, with those of the library `lib/model` under that name."""
    if name == MODEL:
        return dict(files)
    mine = {path: text for path, text in files.items() if _is_mine(path)}
    texts = {path: text.decode("utf-8", "surrogateescape") for path, text in mine.items()}
    own = frozenset().union(*map(_own, texts.values()))
    changed = {
        path: renamed(text, name, own).encode("utf-8", "surrogateescape")
        for path, text in texts.items()
    }
    return {file_name(path, name): changed.get(path, text) for path, text in files.items()}


def file_name(path: str, name: str) -> str:
    """What a file of a project is called that belongs to a model of this name."""
    folder, _, file = path.rpartition("/")
    if folder == f"lib/{MODEL}" or folder.startswith(f"lib/{MODEL}/"):
        folder = f"lib/{name}{folder.removeprefix(f'lib/{MODEL}')}"
    return f"{folder}/{_file(file, name)}" if _is_mine(path) else f"{folder}/{file}".lstrip("/")


def renamed(text: str, name: str, own: Collection[str] | None = None) -> str:
    """C whose symbols and files of the model are called after it; `own` are those symbols, else all
    in the text. What stands in quotes stays."""
    symbols = _own(text) if own is None else own

    def word(found: str) -> str:
        return symbol(found, name) if found in symbols else found

    def in_comment(match: re.Match[str]) -> str:
        return match["text"] or (
            _file(match["file"], name) if match["file"] else word(match["word"])
        )

    def one(match: re.Match[str]) -> str:
        if match["include"]:
            head, file, _ = match["include"].split('"')
            return f'{head}"{_file(file, name)}"'
        if match["comment"]:
            return _IN_COMMENT.sub(in_comment, match["comment"])
        return match["text"] or word(match["word"])

    return text if name == MODEL else _TOKENS.sub(one, text)


def symbol(canonical: str, name: str) -> str:
    """What a symbol or macro of the model `model` is called of this one."""
    if canonical.startswith("MODEL_"):
        return f"{name.upper()}_{canonical.removeprefix('MODEL_')}"
    return f"{name}_{canonical.removeprefix('model_')}"


def public(header: str) -> tuple[str, ...]:
    """The symbols and macros of a model that its header names, in alphabetical order."""
    return tuple(sorted(_own(header) - {"MODEL_H"}))


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names, of which none begins as the symbols of another one; InputError."""
    given = tuple(names)
    for at, one in enumerate(given):
        for other in (*given[:at], *given[at + 1 :]):
            if f"{other}_".startswith(f"{one}_"):
                raise InputError(
                    f"two models cannot be named {one} and {other} in one program",
                    why="symbols of both would begin alike",
                    next_step="give them other names: --name wakeword,digits, for example",
                )
    return given


def _own(text: str) -> frozenset[str]:
    words = (match["word"] for match in _TOKENS.finditer(text))
    return frozenset(w for w in words if w and _OWN.fullmatch(w)) - SHARED


def _is_mine(path: str) -> bool:
    """Whether a file of a project is generated for the one model."""
    there = PurePosixPath(path)
    return str(there.parent) in (f"lib/{MODEL}/src", "src/tflm") and bool(_FILE.match(there.name))


def _file(file: str, name: str) -> str:
    """model.c, model_data.c and weights.c as they are called of this model."""
    if not _FILE.match(file) or name == MODEL:
        return file
    return f"{name}_{file}" if file.startswith("weights") else f"{name}{file.removeprefix(MODEL)}"
