/* CONV_2D of 3x3 taps at stride 1 by Winograd's F(2x2, 3x3), exactly, for cores with the DSP
 * extension.
 *
 * After Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016): a tile of 2x2
 * outputs takes 16 products for each input channel in place of 36. Filters are transformed when the
 * code is generated, by rows of whole numbers (twice Winograd's), times 16: sums come out 64 times
 * as large, and what wraps on the way comes back, since all is exact modulo 2^32.
 *
 * For a row of tiles, columns of four input pixels are transformed first, of two channels in a
 * word; then four tiles at a time, whose 16 products are taken with two output channels at a time.
 */
#ifndef TG_DSP_CONV_WINOGRAD_H
#define TG_DSP_CONV_WINOGRAD_H

#include "tg_dsp_tiles.h"

struct tg_dsp_conv_winograd_params {
  int32_t batches;
  int32_t height;         /* of the input and the output, an even number */
  int32_t width;          /* a multiple of 8 */
  int32_t depth;          /* channels of the input, a multiple of 4 */
  int32_t channels;       /* of the output, an even number */
  int32_t zero_point;     /* of the input: the border's code */
  int32_t twice;          /* 1: requantization rounds twice; 0: once */
  const int32_t *weights; /* for two channels: of each of the 16 products a word of both for every
                             two input channels, then bias, multiplier, addend and shift of each */
};

/* All channels of four tiles. */
struct tg_dsp_conv_winograd_run {
  const int32_t *weights;
  const uint32_t *tiles; /* transformed: of each product, of two channels, four words */
  int32_t *sums;         /* room for 16 times 8 */
  int8_t *output;        /* of the first tile's first pixel */
  const int8_t *end;     /* of its channels */
};

/* Column `j` of a tile's products: their first sum to `upper`, their second one to `lower`. */
#define TG_DSP_CONV_WINOGRAD_COLUMN(j, upper, lower, bias)                       \
  "ldr     r8, [lr, #32 * (" j                                                   \
  ")]\n"                                                                         \
  "ldr     r9, [lr, #32 * (4 + " j ")]\n" bias "ldr     r10, [lr, #32 * (8 + " j \
  ")]\n"                                                                         \
  "ldr     r11, [lr, #32 * (12 + " j                                             \
  ")]\n"                                                                         \
  "add     " upper                                                               \
  ", r8, r9\n"                                                                   \
  "add     " upper ", " upper                                                    \
  ", r10\n"                                                                      \
  "sub     " lower                                                               \
  ", r9, r10\n"                                                                  \
  "sub     " lower ", " lower ", r11\n"

/* SSAT8(SMMLAR(sum, m, k) ASR 10) */
#define TG_DSP_CONV_WINOGRAD_ONCE(sum) \
  "smmlar  " sum ", " sum              \
  ", r8, r9\n"                         \
  "ssat    " sum ", #8, " sum ", asr #10\n"
/* SSAT8(SMMLAR(sum ASR 5, m, k + (sum ASR 31)) ASR s) */
#define TG_DSP_CONV_WINOGRAD_TWICE(sum) \
  "add     r11, r9, " sum               \
  ", asr #31\n"                         \
  "asr     " sum ", " sum               \
  ", #5\n"                              \
  "smmlar  " sum ", " sum               \
  ", r8, r11\n"                         \
  "asr     " sum ", " sum               \
  ", r10\n"                             \
  "ssat    " sum ", #8, " sum "\n"

/* The four outputs of a tile's channel. The bias goes into the product that all of them have. */
#define TG_DSP_CONV_WINOGRAD_OUTPUTS(channel, round)              \
  TG_DSP_CONV_WINOGRAD_COLUMN("0", "r0", "r4", "")                \
  TG_DSP_CONV_WINOGRAD_COLUMN("1", "r1", "r5",                    \
                              "ldr     r10, [r12, #16 * " channel \
                              "]\n"                               \
                              "add     r9, r9, r10\n")            \
  TG_DSP_CONV_WINOGRAD_COLUMN("2", "r2", "r6", "")                \
  TG_DSP_CONV_WINOGRAD_COLUMN("3", "r3", "r7", "")                \
  "sub     r3, r1, r3\n"                                                                   \
  "sub     r7, r5, r7\n"                                                                   \
  "add     r0, r0, r1\n"                                                                   \
  "add     r4, r4, r5\n"                                                                   \
  "add     r0, r0, r2\n"                                                                   \
  "add     r4, r4, r6\n"                                                                   \
  "sub     r1, r3, r2\n"                                                                   \
  "sub     r5, r7, r6\n"                                                                   \
  "ldrd    r8, r9, [r12, #4 + 16 * " channel "]\n"                                         \
  "ldr     r10, [r12, #12 + 16 * " channel "]\n" round("r0") round("r1") round("r4")       \
      round("r5")                                                                          \
  "ldr     r10, [sp, #24]\n"                                                               \
  "strb    r0, [r10, #" channel "]\n"                                                      \
  "strb    r1, [r10, #%c[pixel] + " channel "]\n"                                          \
  "strb    r4, [r10, #%c[row] + " channel "]\n"                                            \
  "strb    r5, [r10, #%c[row] + %c[pixel] + " channel "]\n"                                \
  "add     lr, lr, #4\n"

/*   r0 to r7   sums: r0, r1 of the first tile's two channels, and so on; then sums of a tile
 *   r8, r9     weights of the two channels; then multiplier and addend
 *   r10, r11   activations of two tiles
 *   r12, lr    where weights and activations are read; then where constants and products are
 *   stack      the next product's sums and their end, the tiles, the sums, the output and its end,
 *              the tile's output, r7, which may be a frame pointer
 */
#define TG_DSP_CONV_WINOGRAD_RUN(round) \
  __asm__ volatile(                                                                              \
      "push    {r7}\n"                                                                           \
      "sub     sp, sp, #28\n"                                                                    \
      "ldm     r0, {r1, r2, r3, r4, r5}\n"                                                       \
      "mov     r12, r1\n"                                                                        \
      "add     r6, r3, #512\n"                                                                   \
      "str     r6, [sp, #4]\n"                                                                   \
      "strd    r2, r3, [sp, #8]\n"                                                               \
      "strd    r4, r5, [sp, #16]\n"                                                              \
      "1:\n"                                                                                     \
      "ldrd    lr, r8, [sp, #8]\n"                                                               \
      "str     r8, [sp]\n"                                                                       \
      "2:\n" TG_DSP_TILES_START ".rept %c[steps] - 1\n" TG_DSP_TILES_STEP        \
      ".endr\n"                                                                                  \
      "ldrd    r8, r9, [sp]\n"                                                                   \
      "stm     r8!, {r0, r1, r2, r3, r4, r5, r6, r7}\n"                                          \
      "str     r8, [sp]\n"                                                                       \
      "cmp     r8, r9\n"                                                                         \
      "bne     2b\n"                                                                             \
      "ldrd    lr, r0, [sp, #12]\n"                                                              \
      "str     r0, [sp, #24]\n"                                                                  \
      "3:\n" TG_DSP_CONV_WINOGRAD_OUTPUTS("0", round) TG_DSP_CONV_WINOGRAD_OUTPUTS("1", round)   \
      "ldr     r10, [sp, #24]\n"                                                                 \
      "ldr     r11, [sp, #12]\n"                                                                 \
      "add     r10, r10, %[tile]\n"                                                              \
      "str     r10, [sp, #24]\n"                                                                 \
      "add     r11, r11, #32\n"                                                                  \
      "cmp     lr, r11\n"                                                                        \
      "bne     3b\n"                                                                             \
      "ldrd    r8, r9, [sp, #16]\n"                                                              \
      "add     r12, r12, #32\n"                                                                  \
      "add     r8, r8, #2\n"                                                                     \
      "str     r8, [sp, #16]\n"                                                                  \
      "cmp     r8, r9\n"                                                                         \
      "bne     1b\n"                                                                             \
      "add     sp, sp, #28\n"                                                                    \
      "pop     {r7}\n"                                                                           \
      : "+r"(at)                                                                                 \
      : [steps] "i"(p->depth / 2), [pixel] "i"(p->channels), [tile] "i"(2 * p->channels),        \
        [row] "i"(p->width * p->channels)                                                        \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc",         \
        "memory")

TG_INLINE void tg_dsp_conv_winograd_tiles(const struct tg_dsp_conv_winograd_params *p,
                                          const uint32_t *tiles, int32_t *sums, int8_t *output) {
  const struct tg_dsp_conv_winograd_run run = {p->weights, tiles, sums, output,
                                               output + p->channels};
  register const void *at __asm__("r0") = &run;
  if (p->twice) {
    TG_DSP_CONV_WINOGRAD_RUN(TG_DSP_CONV_WINOGRAD_TWICE);
  } else {
    TG_DSP_CONV_WINOGRAD_RUN(TG_DSP_CONV_WINOGRAD_ONCE);
  }
}

/* Four int16 pairs in a column or a row, transformed: (0 - 2, 1 + 2, 2 - 1, 1 - 3). */
TG_INLINE void tg_dsp_conv_winograd_transform(uint32_t d0, uint32_t d1, uint32_t d2, uint32_t d3,
                                              uint32_t *to, int32_t step) {
  uint32_t a, b, c, d;
  __asm__("ssub16  %0, %1, %2" : "=r"(a) : "r"(d0), "r"(d2));
  __asm__("sadd16  %0, %1, %2" : "=r"(b) : "r"(d1), "r"(d2));
  __asm__("ssub16  %0, %1, %2" : "=r"(c) : "r"(d2), "r"(d1));
  __asm__("ssub16  %0, %1, %2" : "=r"(d) : "r"(d1), "r"(d3));
  to[0] = a;
  to[step] = b;
  to[2 * step] = c;
  to[3 * step] = d;
}

/* Channels 0 and 2 of a word as int16, and 1 and 3. */
TG_INLINE uint32_t tg_dsp_conv_winograd_even(uint32_t word) {
  uint32_t pair;
  __asm__("sxtb16  %0, %1" : "=r"(pair) : "r"(word));
  return pair;
}

TG_INLINE uint32_t tg_dsp_conv_winograd_odd(uint32_t word) {
  uint32_t pair;
  __asm__("sxtb16  %0, %1, ror #8" : "=r"(pair) : "r"(word));
  return pair;
}

/* Rows `y` - 1 to `y` + 2 of the image, transformed down each column, with one to the left and one
 * to the right: of two channels four words. */
TG_INLINE void tg_dsp_conv_winograd_columns(const struct tg_dsp_conv_winograd_params *p,
                                            const int8_t *image, int32_t y, uint32_t *to) {
  const uint32_t border = (uint32_t)(uint8_t)p->zero_point * 0x01010101u;
  const int32_t row = p->width * p->depth;
  for (int32_t x = -1; x <= p->width; ++x) {
    const int inside = x >= 0 && x < p->width;
    const int above = inside && y > 0, below = inside && y + 2 < p->height;
    const int8_t *from = image + y * row + x * p->depth;
    for (int32_t c = 0; c < p->depth; c += 4) {
      const uint32_t r0 = above ? tg_dsp_word(from - row) : border;
      const uint32_t r1 = inside ? tg_dsp_word(from) : border;
      const uint32_t r2 = inside ? tg_dsp_word(from + row) : border;
      const uint32_t r3 = below ? tg_dsp_word(from + 2 * row) : border;
      tg_dsp_conv_winograd_transform(tg_dsp_conv_winograd_even(r0), tg_dsp_conv_winograd_even(r1),
                                     tg_dsp_conv_winograd_even(r2), tg_dsp_conv_winograd_even(r3),
                                     to, 1);
      tg_dsp_conv_winograd_transform(tg_dsp_conv_winograd_odd(r0), tg_dsp_conv_winograd_odd(r1),
                                     tg_dsp_conv_winograd_odd(r2), tg_dsp_conv_winograd_odd(r3),
                                     to + 4, 1);
      from += 4;
      to += 8;
    }
  }
}

/* Four tiles from their columns, two of which each has in common with the next one. */
TG_INLINE void tg_dsp_conv_winograd_four(const struct tg_dsp_conv_winograd_params *p,
                                         const uint32_t *columns, uint32_t *tiles) {
  const int32_t column = 2 * p->depth, product = 2 * p->depth;
  for (int32_t tile = 0; tile < 4; ++tile) {
    const uint32_t *from = columns + 2 * tile * column;
    uint32_t *to = tiles + tile;
    for (int32_t c = 0; c < p->depth; c += 2) {
      for (int32_t i = 0; i < 4; ++i) {
        tg_dsp_conv_winograd_transform(from[i], from[column + i], from[2 * column + i],
                                       from[3 * column + i], to + 4 * i * product, product);
      }
      from += 4;
      to += 4;
    }
  }
}

/* Scratch: the columns of a row of tiles, four tiles, and 512 bytes of sums. The columns of two
 * rows of the output are taken before those are written. */
TG_INLINE void tg_dsp_conv_winograd(const struct tg_dsp_conv_winograd_params *p,
                                    const int8_t *input, int8_t *output, void *scratch) {
  const int32_t image = p->height * p->width;
  int32_t *const sums = (int32_t *)scratch;
  uint32_t *const tiles = (uint32_t *)scratch + 128;
  uint32_t *const columns = tiles + 32 * p->depth;
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->height; y += 2) {
      tg_dsp_conv_winograd_columns(p, input, y, columns);
      for (int32_t x = 0; x < p->width; x += 8) {
        tg_dsp_conv_winograd_four(p, columns + x * 2 * p->depth, tiles);
        tg_dsp_conv_winograd_tiles(p, tiles, sums, output + (y * p->width + x) * p->channels);
      }
    }
    input += image * p->depth;
    output += image * p->channels;
  }
}

#endif /* TG_DSP_CONV_WINOGRAD_H */
