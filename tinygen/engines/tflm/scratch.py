"""Sizing the arena of a chip whose kernels no emulated core can run.

What the chip's functions take of the arena, C functions of their library tell. On the emulated core
the general functions compute, and ask for as much scratch as those of the chip would.
"""

from __future__ import annotations

from dataclasses import replace

from tinygen.engines.tflm.kernel_sets import VENDORS, KernelSet
from tinygen.engines.tflm.library import LIBRARY, UNITS, Library
from tinygen.engines.tflm.upstream import Upstream
from tinygen.engines.tflm.vendor import VendorFiles

EMULATED = {KernelSet.ESP_NN_S3: KernelSet.ESP_NN}
"""Kernel sets that only hardware runs -> the one that computes in their place."""


def with_scratch_of(upstream: Upstream, library: Library, chip: KernelSet) -> Library:
    """`library`, made for `EMULATED[chip]`, with the scratch that `chip`'s functions ask for."""
    general = VendorFiles(upstream, VENDORS[EMULATED[chip]])
    special = VendorFiles(upstream, VENDORS[chip])
    sizes = {
        name: function
        for name, function in special.mapped.items()
        if name.endswith("_scratch_size") and general.mapped.get(name) != function
    }
    texts = special.closed(sizes.values())
    prototypes = "".join(f"{text[: text.index('{')].rstrip()};\n" for text in texts.values())
    names = "".join(f"#undef {name}\n#define {name} {sizes[name]}\n" for name in sorted(sizes))
    header = f"{LIBRARY}/{VENDORS[EMULATED[chip]].names}"
    unit = (
        "#include <stdint.h>\n#include <esp_nn_defs.h>\n#include <common_functions.h>\n"
        f"{prototypes}{''.join(texts.values())}"
    )
    return replace(
        library,
        files={
            **library.files,
            header: library.files[header] + f"\n{prototypes}{names}".encode(),
            f"{UNITS}/kernels/{chip.value}_scratch.c": unit.encode(),
        },
    )
