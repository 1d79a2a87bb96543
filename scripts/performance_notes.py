"""What the figures of docs/performance.md do not say: reasons, by hand."""

from __future__ import annotations

from collections.abc import Mapping

_M4 = "qemu-cortex-m4-aot-chosen"

NOTES: Mapping[str, str] = {
    f"instructions: kws_ref_model-{_M4}": """\
`speed` reaches it. There the four 1x1 convolutions take 423 k each (421 k in the trial by
hand), the four depthwise ones 120 k (114 k), the first layer 251 k (246 k). `balanced` computes
the first layer by the code of the 1x1 ones (324 k, for 3.7 KB less) and keeps depthwise weights
as bytes (124 k, for 1 KB less a layer).""",
    f"instructions: vww_96_int8-{_M4}": """\
`speed` reaches it: 4.25 M, of which 2.5 M are 1x1 convolutions, 1.2 M depthwise ones, 0.56 M
the first layer. `balanced` keeps the weights of the thirteen depthwise layers as bytes and
their code shared: 5 to 20 % more of a layer, for 0.7 to 2.5 KB each.""",
}
"""By `Goal.id`. A figure that is missed has to have one."""

BEYOND = """\
## Packed weights

What a Rice code and four bits save, of firmware on an emulated Cortex-M4, each a MATCH:

| model | `--optimize` | flash | instructions |
|---|---|--:|--:|
| ad01, before packing | size | 276,556 | 858,011 |
| ad01 | size | 183,292 | 10,344,516 |
| kws | size | 35,660 | 13,037,830 |
| kws, 80 % of each layer's weights zero | size | 27,276 | 14,027,183 |
| kws, 16 values a layer | size | 25,644 | 14,029,221 |
| a small CNN, int4 weights | speed | 76,196 | 598,157 |
| the same | balanced | 50,988 | 714,393 |
| the same | size | 39,956 | 3,906,276 |

A FULLY_CONNECTED of one row decodes a weight for each product, and takes twelve times as long. A
CONV_2D decodes each once for an image: 8 % more of a whole model, and scratch for the weights of
four channels, beside which the output does not lie on the input. What was trained without a
thought of it has nothing to save: in that code kws would take 107 % of its weights' bytes, resnet
96 %, and vww 108 % of the 30,340 bytes (of 208,112) that are left when constant channels are out.
There they stay bytes.

## Portable C on other cores

At least 1.6 times fewer instructions than the kernels before packing were to be reached on
RISC-V and Xtensa. The digits model went from 725 k to 305 k on Xtensa (2.4 times fewer) and
from 333 k to 245 k on RISC-V with `speed` (1.36 times), 269 k with `balanced`: RV32IM's old
kernels already took fewer, and its packed ones make three products of two multiplications as
all do. A row of FULLY_CONNECTED there cannot be packed. Each weight is used once, and takes a
load, a MUL and an ADD; with the input's loads shared by four units that is 3.44 instructions
(ad01: 941 k for 264 k weights). Eight units at a time would take 3.22, but GCC spills registers
and takes 4.5. Two products in a multiplication need sums of 16 bits, or weights that are packed
when the model is compiled and then take 2.7 times the flash.

## Building

| what | CPU seconds |
|---|--:|
| kws, `.tflite` to ELF, objects compiled before | 2.3 |
| of these: TensorFlow Lite Micro and LiteRT on 100 vectors | 0.6 |
| PlatformIO and SCons, which compile the model and link | 0.6 |
| Python's modules | 0.5 |
| choosing, planning, writing | 0.4 |

1.5 were to be reached. The host runs are what the verdict rests on, and are not kept from build
to build. 10 MB of weights in 40 layers take GCC one second and 28 MB more than none; finding
and proving the requantizations of their 20,480 channels takes tinygen 5.7 s (`python -m
tests.bench.scale`).

## Never worse than portable

`make against` builds the models of the tests, networks of Keras's kinds among them, for each
core that has kernels of its own and for each goal, with those and with portable ones alone,
counts and links. With `speed` and `balanced` none may be slower, with `size` none larger.
`balanced` may be larger where it is faster by more than that: ad01 takes 8 % more flash on a
Cortex-M4 for 64 % fewer instructions.
"""
