"""A model's name in C: which there are, and what is called so."""

from __future__ import annotations

import pytest

from tinygen.errors import InputError
from tinygen.project.naming import distinct, file_name, identifier, named, renamed, require_name

TEXT = """#include "model.h"
#include "model_memory.h"
#include "weights.h"
/* Of "model_one": model_init takes model_memory_take's; model_two is a title, in weights.c. */
enum model_status model_init(void) { return MODEL_OK; } // model_init
static const char *const names[] = {"model_init \\" model_init", "'"};
static char quote = '"', other = '\\'';
#define MODEL_INPUTS 1
const int model_layer_0_weights = sizeof(struct model_typed_tensor);
"""


def test_symbols_are_renamed_and_nothing_else() -> None:
    assert (
        renamed(TEXT, "wake")
        == """#include "wake.h"
#include "model_memory.h"
#include "wake_weights.h"
/* Of "model_one": wake_init takes model_memory_take's; model_two is a title, in wake_weights.c. */
enum model_status wake_init(void) { return MODEL_OK; } // wake_init
static const char *const names[] = {"model_init \\" model_init", "'"};
static char quote = '"', other = '\\'';
#define WAKE_INPUTS 1
const int wake_layer_0_weights = sizeof(struct model_typed_tensor);
"""
    )
    assert renamed(TEXT, "model") == TEXT


def test_files_are_renamed_where_they_are_the_models() -> None:
    files = {
        "lib/model/src/model.c": b"int model_x;",
        "lib/model/src/weights_2.c": b"int model_y;",
        "lib/model/src/model_memory.c": b"int model_z;",
        "lib/model/src/portable/tg_add.h": b"int model_z;",
        "src/tflm/model_operators.cc": b"int model_x;",
        "src/main.c": b"int model_x;",
        "tinygen.ini": b"",
    }
    assert named(files, "wake") == {
        "lib/wake/src/wake.c": b"int wake_x;",
        "lib/wake/src/wake_weights_2.c": b"int wake_y;",
        "lib/wake/src/model_memory.c": b"int model_z;",
        "lib/wake/src/portable/tg_add.h": b"int model_z;",
        "src/tflm/wake_operators.cc": b"int wake_x;",
        "src/main.c": b"int model_x;",
        "tinygen.ini": b"",
    }
    assert named(files, "model") == files
    assert file_name("lib/model/library.json", "wake") == "lib/wake/library.json"


@pytest.mark.parametrize("name", ["wakeword", "model", "a", "model_2", "x1", "a_b_c"])
def test_names_that_there_are(name: str) -> None:
    assert require_name(name) == name
    assert identifier(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "Wake", "wake-word", "2nd", "_a", "a__b", "a_", "a b", "wäke", "a" * 33, "a;b"),
        *("int", "class", "co_await", "string", "math", "arduino", "main", "tflm", "test"),
        *("tg", "tg_model", "model_memory", "a\nb"),
    ],
)
def test_names_that_there_are_not(name: str) -> None:
    with pytest.raises(InputError, match="name") as error:
        require_name(name)
    assert "--name" in error.value.next_step
    require_name(error.value.next_step.removeprefix("--name ").removesuffix(", for example"))


@pytest.mark.parametrize("text", ["", "Wake Word!", "2nd", "int", "tg", "ähm", "a" * 99, "a--b"])
def test_any_text_has_a_name_like_it(text: str) -> None:
    require_name(identifier(text))


def test_names_of_one_program_do_not_begin_alike() -> None:
    assert distinct(["wake", "digits", "wakeword"]) == ("wake", "digits", "wakeword")
    for names in (["wake", "wake"], ["wake", "wake_word"], ["model_data", "model"]):
        with pytest.raises(InputError, match="in one program"):
            distinct(names)
