"""`.global NAME` in a vendor's assembly file may only announce a function that another file
defines. It was taken for the definition, the defining file was left out, and no CNN linked for the
ESP32-S3's own kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from tinygen.engines.tflm.kernel_sets import VENDORS, KernelSet
from tinygen.engines.tflm.upstream import Upstream
from tinygen.engines.tflm.vendor import VendorFiles

VENDOR = VENDORS[KernelSet.ESP_NN_S3]
MULTIPLY = "esp_nn_multiply_asm_esp32s3"
FILES = {
    "kernel.cc": f"void kernel() {{ esp_nn_conv_1x1_esp32s3(); }} // not {MULTIPLY}",
    f"{VENDOR.sources}/a_multiply.S": f".global {MULTIPLY}\n{MULTIPLY}:\n  retw.n\n",
    f"{VENDOR.sources}/b_conv.S": (
        f".global {MULTIPLY}\n.global esp_nn_conv_1x1_esp32s3\n"
        f"/* {MULTIPLY}: rounds twice */\nesp_nn_conv_1x1_esp32s3:\n  call8 {MULTIPLY}\n"
    ),
}


class _Sources:
    def text(self, path: str) -> str:
        return FILES.get(path, "")

    def files(self, folder: str, suffixes: Sequence[str]) -> list[str]:
        return [p for p in FILES if p.startswith(f"{folder}/") and p.endswith(tuple(suffixes))]


def test_the_file_that_defines_it_is_taken() -> None:
    vendor = VendorFiles(cast(Upstream, _Sources()), VENDOR)
    assert vendor.needed(["kernel.cc"]) == set(FILES) - {"kernel.cc"}
