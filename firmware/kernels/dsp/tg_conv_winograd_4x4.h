/* CONV_2D of 3x3 taps at stride 1 by Winograd's F(4x4, 3x3), exactly, for cores with the DSP
 * extension.
 *
 * After Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), at the points
 * 0, 1, -1, 2, -2 and infinity: a tile of 4x4 outputs takes 36 products for each input channel in
 * place of 144. Denominators are put where they are whole numbers: filters are transformed, when
 * the code is generated, by the rows
 *
 *   (6, 0, 0), (4, 4, 4), (4, -4, 4), (1, 2, 4), (1, -2, 4), (0, 0, 12)
 *
 * so that sums come out 576 times as large. What wraps on the way comes back, since all is exact
 * modulo 2^32.
 *
 * Six rows of the input are expanded, pairs of channels in a word, with their borders. Tiles are
 * transformed from there, and when there are four of them, their products are taken with two output
 * channels at a time.
 */
#ifndef TG_DSP_CONV_WINOGRAD_4X4_H
#define TG_DSP_CONV_WINOGRAD_4X4_H

#include "tg_dsp_tile_4x4.h"

struct tg_dsp_conv_winograd_4x4_params {
  int32_t batches;
  int32_t height;         /* of the input and the output, a multiple of 4 */
  int32_t width;          /* the same; tiles of an image are a multiple of 4 */
  int32_t depth;          /* channels of the input, a multiple of 4 */
  int32_t channels;       /* of the output, an even number */
  int32_t zero_point;     /* of the input: the border's code */
  int32_t twice;          /* 1: requantization rounds twice; 0: once */
  const int32_t *weights; /* for two channels: of each of the 36 products a word of both for every
                             two input channels, then bias, multiplier, addend and shift of each */
};

#define TG_DSP_CONV_WINOGRAD_4X4_PRODUCTS 36

/* All channels of four tiles. */
struct tg_dsp_conv_winograd_4x4_run {
  const int32_t *weights;
  const uint32_t *tiles; /* transformed: of each product, of two channels, four words */
  int32_t *sums;         /* room for 36 times 8 */
  int8_t *outputs[4];    /* of each tile's first pixel */
};

/* Two input channels of four tiles; the first ones of a product start the sums. */
#define TG_DSP_CONV_WINOGRAD_4X4_START \
  "ldrd    r8, r9, [r12], #8\n"        \
  "ldrd    r10, r11, [lr], #8\n"       \
  "smuad   r0, r10, r8\n"              \
  "smuad   r1, r10, r9\n"              \
  "smuad   r2, r11, r8\n"              \
  "smuad   r3, r11, r9\n"              \
  "ldrd    r10, r11, [lr], #8\n"       \
  "smuad   r4, r10, r8\n"              \
  "smuad   r5, r10, r9\n"              \
  "smuad   r6, r11, r8\n"              \
  "smuad   r7, r11, r9\n"
#define TG_DSP_CONV_WINOGRAD_4X4_STEP \
  "ldrd    r8, r9, [r12], #8\n"       \
  "ldrd    r10, r11, [lr], #8\n"      \
  "smlad   r0, r10, r8, r0\n"         \
  "smlad   r1, r10, r9, r1\n"         \
  "smlad   r2, r11, r8, r2\n"         \
  "smlad   r3, r11, r9, r3\n"         \
  "ldrd    r10, r11, [lr], #8\n"      \
  "smlad   r4, r10, r8, r4\n"         \
  "smlad   r5, r10, r9, r5\n"         \
  "smlad   r6, r11, r8, r6\n"         \
  "smlad   r7, r11, r9, r7\n"

/* Six sums in r0 to r5, transformed to four in r0, r2, r4 and r1; r6 and r7 are free. */
#define TG_DSP_CONV_WINOGRAD_4X4_OUTPUT \
  "add     r6, r1, r2\n"                \
  "sub     r1, r1, r2\n"                \
  "add     r7, r3, r4\n"                \
  "sub     r3, r3, r4\n"                \
  "sub     r0, r0, r6\n"                \
  "add     r0, r0, r7\n"                \
  "rsb     r2, r1, r3, lsl #1\n"        \
  "rsb     r4, r6, r7, lsl #2\n"        \
  "rsb     r1, r1, r3, lsl #3\n"        \
  "add     r1, r1, r5, lsl #1\n"

/* Column `j` of a tile's products, in place. */
#define TG_DSP_CONV_WINOGRAD_4X4_COLUMN(j, bias)                                \
  "ldr     r0, [lr, #32 * " j                                                   \
  "]\n"                                                                         \
  "ldr     r1, [lr, #32 * (6 + " j                                              \
  ")]\n"                                                                        \
  "ldr     r2, [lr, #32 * (12 + " j                                             \
  ")]\n"                                                                        \
  "ldr     r3, [lr, #32 * (18 + " j                                             \
  ")]\n"                                                                        \
  "ldr     r4, [lr, #32 * (24 + " j                                             \
  ")]\n"                                                                        \
  "ldr     r5, [lr, #32 * (30 + " j ")]\n" bias TG_DSP_CONV_WINOGRAD_4X4_OUTPUT \
  "str     r0, [lr, #32 * " j                                                   \
  "]\n"                                                                         \
  "str     r2, [lr, #32 * (6 + " j                                              \
  ")]\n"                                                                        \
  "str     r4, [lr, #32 * (12 + " j                                             \
  ")]\n"                                                                        \
  "str     r1, [lr, #32 * (18 + " j ")]\n"

/* SSAT8(SMMLAR(sum, m, k) ASR 10) */
#define TG_DSP_CONV_WINOGRAD_4X4_ONCE(sum) \
  "smmlar  " sum ", " sum                  \
  ", r8, r9\n"                             \
  "ssat    " sum ", #8, " sum ", asr #10\n"
/* With 64 in place of 576 times the sum, by the inverse of 9 modulo 2^32:
 * SSAT8(SMMLAR(sum ASR 5, m, k + (sum ASR 31)) ASR s) */
#define TG_DSP_CONV_WINOGRAD_4X4_TWICE(sum) \
  "mul     " sum ", " sum                   \
  ", r5\n"                                  \
  "add     r3, r9, " sum                    \
  ", asr #31\n"                             \
  "asr     " sum ", " sum                   \
  ", #5\n"                                  \
  "smmlar  " sum ", " sum                   \
  ", r8, r3\n"                              \
  "asr     " sum ", " sum                   \
  ", r11\n"                                 \
  "ssat    " sum ", #8, " sum "\n"
#define TG_DSP_CONV_WINOGRAD_4X4_NINTH \
  "movw    r5, #0x8e39\n"              \
  "movt    r5, #0x38e3\n"

/* Row `i` of a tile's outputs. */
#define TG_DSP_CONV_WINOGRAD_4X4_ROW(i, before, round)                                        \
  "ldr     r0, [lr, #192 * " i                                                                \
  "]\n"                                                                                       \
  "ldr     r1, [lr, #192 * " i                                                                \
  " + 32]\n"                                                                                  \
  "ldr     r2, [lr, #192 * " i                                                                \
  " + 64]\n"                                                                                  \
  "ldr     r3, [lr, #192 * " i                                                                \
  " + 96]\n"                                                                                  \
  "ldr     r4, [lr, #192 * " i                                                                \
  " + 128]\n"                                                                                 \
  "ldr     r5, [lr, #192 * " i " + 160]\n" TG_DSP_CONV_WINOGRAD_4X4_OUTPUT before round("r0") \
      round("r2") round("r4") round("r1") "strb    r0, [r10, #%c[row] * " i                   \
                                          "]\n"                                               \
                                          "strb    r2, [r10, #%c[row] * " i                   \
                                          " + %c[pixel]]\n"                                   \
                                          "strb    r4, [r10, #%c[row] * " i                   \
                                          " + 2 * %c[pixel]]\n"                               \
                                          "strb    r1, [r10, #%c[row] * " i " + 3 * %c[pixel]]\n"

/* Products:
 *   r0 to r7        sums: r0, r1 of the first tile's two channels, and so on
 *   r8, r9          weights of the two channels
 *   r10, r11        two tiles
 *   r12, lr         where weights and tiles are read
 * Outputs:
 *   r0 to r5        six sums; then four codes, the inverse of 9 and a sum's sign
 *   r6, r7          of their transform
 *   r8, r9, r11     multiplier, addend, shift
 *   r12             bias, which goes into the product that all outputs have once
 *   r10, lr         where the tile's outputs are, and its products
 *   stack           the next product's sums and their end, the tiles, the sums, the weights,
 *                   which tile's output is next, the channel's number, all outputs and their end,
 *                   r7, which may be a frame pointer
 */
#define TG_DSP_CONV_WINOGRAD_4X4_RUN(before, round) \
  __asm__ volatile(                                                                         \
      "push    {r7}\n"                                                                      \
      "sub     sp, sp, #36\n"                                                               \
      "ldm     r0!, {r1, r2, r3}\n"                                                         \
      "mov     r12, r1\n"                                                                   \
      "add     r6, r3, #32 * 36\n"                                                          \
      "str     r6, [sp, #4]\n"                                                              \
      "strd    r2, r3, [sp, #8]\n"                                                          \
      "mov     r4, #0\n"                                                                    \
      "add     r5, r0, #16\n"                                                               \
      "strd    r4, r0, [sp, #24]\n"                                                         \
      "str     r5, [sp, #32]\n"                                                             \
      "1:\n"                                                                                \
      "ldrd    lr, r8, [sp, #8]\n"                                                          \
      "str     r8, [sp]\n"                                                                  \
      "2:\n" TG_DSP_CONV_WINOGRAD_4X4_START ".rept %c[steps] - 1\n" TG_DSP_CONV_WINOGRAD_4X4_STEP ".endr\n"         \
      "ldrd    r8, r9, [sp]\n"                                                              \
      "stm     r8!, {r0, r1, r2, r3, r4, r5, r6, r7}\n"                                     \
      "str     r8, [sp]\n"                                                                  \
      "cmp     r8, r9\n"                                                                    \
      "bne     2b\n"                                                                        \
      "ldr     lr, [sp, #12]\n"                                                             \
      "3:\n" /* a channel */                                                                \
      "ldm     r12!, {r7, r8, r9, r11}\n"                                                   \
      "ldr     r6, [sp, #28]\n"                                                             \
      "strd    r12, r6, [sp, #16]\n"                                                        \
      "mov     r12, r7\n"                                                                   \
      "4:\n" /* a tile */                                                                   \
      "ldrd    r6, r7, [sp, #20]\n"                                                         \
      "ldr     r10, [r6], #4\n"                                                             \
      "str     r6, [sp, #20]\n"                                                             \
      "add     r10, r10, r7\n" TG_DSP_CONV_WINOGRAD_4X4_COLUMN("0", "")                     \
          TG_DSP_CONV_WINOGRAD_4X4_COLUMN("1", "add     r1, r1, r12\n")                     \
              TG_DSP_CONV_WINOGRAD_4X4_COLUMN("2", "")                                      \
                  TG_DSP_CONV_WINOGRAD_4X4_COLUMN("3", "")                                  \
                      TG_DSP_CONV_WINOGRAD_4X4_COLUMN("4", "")                              \
                          TG_DSP_CONV_WINOGRAD_4X4_COLUMN("5", "")                          \
                              TG_DSP_CONV_WINOGRAD_4X4_ROW("0", before, round)              \
                                  TG_DSP_CONV_WINOGRAD_4X4_ROW("1", before, round)          \
                                      TG_DSP_CONV_WINOGRAD_4X4_ROW("2", before, round)      \
                                          TG_DSP_CONV_WINOGRAD_4X4_ROW("3", before, round)  \
      "ldr     r0, [sp, #20]\n"                                                             \
      "ldr     r1, [sp, #32]\n"                                                             \
      "add     lr, lr, #8\n"                                                                \
      "cmp     r0, r1\n"                                                                    \
      "bne     4b\n"                                                                        \
      "ldr     r12, [sp, #16]\n" /* the next channel, which may be the next two's first */  \
      "ldr     r7, [sp, #24]\n"                                                             \
      "sub     lr, lr, #28\n"                                                               \
      "add     r7, r7, #1\n"                                                                \
      "str     r7, [sp, #24]\n"                                                             \
      "tst     r7, #1\n"                                                                    \
      "bne     3b\n"                                                                        \
      "movw    r6, %[channels]\n"                                                           \
      "cmp     r7, r6\n"                                                           \
      "bne     1b\n"                                                                        \
      "add     sp, sp, #36\n"                                                               \
      "pop     {r7}\n"                                                                      \
      : "+r"(at)                                                                            \
      : [steps] "i"(p->depth / 2), [pixel] "i"(p->channels), [channels] "i"(p->channels),   \
        [row] "i"(p->width * p->channels)                                                   \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc",    \
        "memory")

TG_INLINE void tg_dsp_conv_winograd_4x4_tiles(const struct tg_dsp_conv_winograd_4x4_params *p,
                                              const struct tg_dsp_conv_winograd_4x4_run *run) {
  register const void *at __asm__("r0") = run;
  if (p->twice) {
    TG_DSP_CONV_WINOGRAD_4X4_RUN(TG_DSP_CONV_WINOGRAD_4X4_NINTH, TG_DSP_CONV_WINOGRAD_4X4_TWICE);
  } else {
    TG_DSP_CONV_WINOGRAD_4X4_RUN("", TG_DSP_CONV_WINOGRAD_4X4_ONCE);
  }
}

/* Rows `y` - 1 to `y` + 4 of the image with a pixel to the left and one to the right. */
TG_DSP_SHARED void tg_dsp_conv_winograd_4x4_rows(const struct tg_dsp_conv_winograd_4x4_params *p,
                                                 const int8_t *image, int32_t y, uint32_t *rows) {
  const int32_t pixel = p->depth / 2, inside = p->width * pixel;
  for (int32_t row = y - 1; row < y + 5; ++row) {
    const int there = row >= 0 && row < p->height;
    tg_dsp_tile_4x4_border(p->zero_point, rows, pixel);
    rows += pixel;
    if (there) {
      tg_dsp_tile_4x4_expand(image + row * p->width * p->depth, rows, inside / 2);
    } else {
      tg_dsp_tile_4x4_border(p->zero_point, rows, inside);
    }
    rows += inside;
    tg_dsp_tile_4x4_border(p->zero_point, rows, pixel);
    rows += pixel;
  }
}

/* Scratch: 1152 bytes of sums, four tiles, six rows. Six rows of the input are taken before the
 * tiles in them are written, and those with which there are four before the first of these. */
TG_INLINE void tg_dsp_conv_winograd_4x4(const struct tg_dsp_conv_winograd_4x4_params *p,
                                        const int8_t *input, int8_t *output, void *scratch) {
  /* The compiler knows these numbers, and no longer those behind a pointer that others have. */
  const struct tg_dsp_conv_winograd_4x4_params numbers = *p;
  const int32_t pixel = numbers.depth / 2, row = (numbers.width + 2) * pixel;
  struct tg_dsp_conv_winograd_4x4_run run;
  struct tg_dsp_tile_4x4 tile;
  run.weights = numbers.weights;
  run.sums = (int32_t *)scratch;
  uint32_t *const tiles = (uint32_t *)scratch + 8 * TG_DSP_CONV_WINOGRAD_4X4_PRODUCTS;
  uint32_t *const rows = tiles + 4 * TG_DSP_CONV_WINOGRAD_4X4_PRODUCTS * pixel;
  run.tiles = tiles;
  tile.pixel = 4 * pixel;
  tile.row = 4 * row;
  tile.row_3 = 3 * tile.row;
  tile.row_5 = 5 * tile.row;
  tile.product = 16 * pixel;
  tile.product_3 = 3 * tile.product;
  tile.product_5 = 5 * tile.product;
  int32_t there = 0;
  for (int32_t y = 0; y < numbers.batches * numbers.height; y += 4) {
    const int32_t batch = y / numbers.height;
    tg_dsp_conv_winograd_4x4_rows(p, input + batch * numbers.height * numbers.width * numbers.depth,
                                  y - batch * numbers.height, rows);
    for (int32_t x = 0; x < numbers.width; x += 4) {
      tile.pixels = rows + x * pixel;
      tile.end = tile.pixels + pixel;
      tile.to = tiles + there;
      tg_dsp_tile_4x4_input(&tile);
      run.outputs[there] = output + (y * numbers.width + x) * numbers.channels;
      there = (there + 1) % 4;
      if (there == 0) {
        tg_dsp_conv_winograd_4x4_tiles(&numbers, &run);
      }
    }
  }
}

#endif /* TG_DSP_CONV_WINOGRAD_4X4_H */
