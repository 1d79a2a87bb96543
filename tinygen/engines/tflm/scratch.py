"""Sizing the arena of a chip whose kernels no emulated core can run.

What the chip's functions take of the arena, C functions of their library tell. On the emulated core
the general functions compute, and ask for as much scratch as those of the chip would.
"""

from __future__ import annotations

import re
from dataclasses import replace

from tinygen.engines.tflm.kernel_sets import VENDORS, KernelSet
from tinygen.engines.tflm.library import LIBRARY, UNITS, Library
from tinygen.engines.tflm.upstream import Upstream
from tinygen.engines.tflm.vendor import VendorFiles

EMULATED = {KernelSet.ESP_NN_S3: KernelSet.ESP_NN}
"""Kernel sets that only hardware runs -> the one that computes in their place."""

_SCRATCH = re.compile(
    r"^#define[ \t]+(\w+_scratch_size)(?:\(\w*\))?[ \t]+(\w+)[ \t]*$", re.MULTILINE
)


def with_scratch_of(upstream: Upstream, library: Library, chip: KernelSet) -> Library:
    """`library`, made for `EMULATED[chip]`, with the scratch that `chip`'s functions ask for."""
    general, special = VENDORS[EMULATED[chip]], VENDORS[chip]
    sizes = dict(_SCRATCH.findall(upstream.text(special.names)))
    functions = VendorFiles(upstream, special)
    texts = functions.closed(sizes.values())

    def renamed(match: re.Match[str]) -> str:
        return f"#define {match[1]} {sizes[match[1]]}" if match[1] in sizes else match[0]

    header = _SCRATCH.sub(renamed, upstream.text(general.names))
    prototypes = "".join(f"{text[: text.index('{')].rstrip()};\n" for text in texts.values())
    unit = (
        "#include <stdint.h>\n#include <esp_nn_defs.h>\n#include <common_functions.h>\n"
        f"{prototypes}{''.join(texts.values())}"
    )
    return replace(
        library,
        files={
            **library.files,
            f"{LIBRARY}/{general.names}": f"{header}\n{prototypes}".encode(),
            f"{UNITS}/kernels/{chip.value}_scratch.c": unit.encode(),
        },
    )
