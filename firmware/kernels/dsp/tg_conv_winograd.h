/* CONV_2D of 3x3 taps at stride 1 by Winograd's F(2x2, 3x3), exactly, for cores with the DSP
 * extension.
 *
 * After Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016): a tile of 2x2
 * outputs takes 16 products for each input channel in place of 36. Filters are transformed when the
 * code is generated, by rows of whole numbers (twice Winograd's), times 16: sums come out 64 times
 * as large, and what wraps on the way comes back, since all is exact modulo 2^32.
 *
 * Columns of four input pixels are transformed first, of two channels in a word, six of them for
 * two tiles, of which two are the next tiles' too. The 16 products are taken with four output
 * channels at a time.
 */
#ifndef TG_DSP_CONV_WINOGRAD_H
#define TG_DSP_CONV_WINOGRAD_H

#include "tg_dsp.h"

struct tg_dsp_conv_winograd_params {
  int32_t batches;
  int32_t height;         /* of the input and the output, an even number */
  int32_t width;          /* a multiple of 4 */
  int32_t depth;          /* channels of the input, a multiple of 4 */
  int32_t channels;       /* of the output, a multiple of 4 */
  int32_t zero_point;     /* of the input: the border's code */
  int32_t twice;          /* 1: requantization rounds twice; 0: once */
  const int32_t *weights; /* for four channels: of each of the 16 products a word of each for every
                             two input channels, then bias, multiplier, addend and shift of each */
};

/* All channels of two tiles. */
struct tg_dsp_conv_winograd_run {
  const int32_t *weights;
  const uint32_t *tiles; /* transformed: of each product, of two channels, two words */
  int32_t *sums;         /* room for 16 times 8 */
  int8_t *output;        /* of the first tile's first pixel */
  const int8_t *end;     /* of its channels */
};

/* Two input channels of two tiles; the first ones of a product start the sums. */
#define TG_DSP_CONV_WINOGRAD_START \
  "ldrd    r8, r9, [lr], #8\n"     \
  "ldrd    r10, r11, [r12], #8\n"  \
  "smuad   r0, r8, r10\n"          \
  "smuad   r1, r8, r11\n"          \
  "smuad   r4, r9, r10\n"          \
  "smuad   r5, r9, r11\n"          \
  "ldrd    r10, r11, [r12], #8\n"  \
  "smuad   r2, r8, r10\n"          \
  "smuad   r3, r8, r11\n"          \
  "smuad   r6, r9, r10\n"          \
  "smuad   r7, r9, r11\n"
#define TG_DSP_CONV_WINOGRAD_STEP \
  "ldrd    r8, r9, [lr], #8\n"    \
  "ldrd    r10, r11, [r12], #8\n" \
  "smlad   r0, r8, r10, r0\n"     \
  "smlad   r1, r8, r11, r1\n"     \
  "smlad   r4, r9, r10, r4\n"     \
  "smlad   r5, r9, r11, r5\n"     \
  "ldrd    r10, r11, [r12], #8\n" \
  "smlad   r2, r8, r10, r2\n"     \
  "smlad   r3, r8, r11, r3\n"     \
  "smlad   r6, r9, r10, r6\n"     \
  "smlad   r7, r9, r11, r7\n"

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

/*   r0 to r7   sums: r0 to r3 of the first tile's four channels, then the second one's; then sums
 *              of a tile
 *   r8, r9     activations of the two tiles; then multiplier and addend
 *   r10, r11   weights of two channels
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
      "2:\n" TG_DSP_CONV_WINOGRAD_START ".rept %c[steps] - 1\n" TG_DSP_CONV_WINOGRAD_STEP        \
      ".endr\n"                                                                                  \
      "ldrd    r8, r9, [sp]\n"                                                                   \
      "stm     r8!, {r0, r1, r2, r3, r4, r5, r6, r7}\n"                                          \
      "str     r8, [sp]\n"                                                                       \
      "cmp     r8, r9\n"                                                                         \
      "bne     2b\n"                                                                             \
      "ldr     lr, [sp, #12]\n"                                                              \
      "3:\n" /* two of the channels */                                                      \
      "ldr     r0, [sp, #16]\n"                                                             \
      "str     r0, [sp, #24]\n"                                                             \
      "4:\n" /* a tile */ TG_DSP_CONV_WINOGRAD_OUTPUTS("0", round) TG_DSP_CONV_WINOGRAD_OUTPUTS("1", round)   \
      "ldr     r10, [sp, #24]\n"                                                                 \
      "ldr     r11, [sp, #12]\n"                                                                 \
      "add     r10, r10, %[tile]\n"                                                              \
      "str     r10, [sp, #24]\n"                                                                 \
      "add     lr, lr, #8\n"                                                                \
      "sub     r11, lr, r11\n" /* 16, 32; with the other two channels 24, 40 */             \
      "tst     r11, #16\n"                                                                  \
      "bne     4b\n"                                                                             \
      "ldrd    r8, r9, [sp, #16]\n"                                                              \
      "add     r12, r12, #32\n"                                                                  \
      "add     r8, r8, #2\n"                                                                     \
      "sub     lr, lr, #24\n"                                                                    \
      "str     r8, [sp, #16]\n"                                                                  \
      "tst     r11, #8\n"                                                                   \
      "beq     3b\n"                                                                        \
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

/* Columns that are kept: those of two tiles. Column `x` of the image has place `x` + 1, and the
 * one that is six away has the same. */
#define TG_DSP_CONV_WINOGRAD_KEPT 6

TG_INLINE uint32_t *tg_dsp_conv_winograd_column(const struct tg_dsp_conv_winograd_params *p,
                                                uint32_t *columns, int32_t place) {
  return columns + place % TG_DSP_CONV_WINOGRAD_KEPT * 2 * p->depth;
}

/* Rows `y` - 1 to `y` + 2 of the image, transformed down the columns of these places: of two
 * channels four words. */
TG_DSP_SHARED void tg_dsp_conv_winograd_columns(const struct tg_dsp_conv_winograd_params *p,
                                                const int8_t *image, int32_t y, int32_t place,
                                                int32_t end, uint32_t *columns) {
  const uint32_t border = (uint32_t)(uint8_t)p->zero_point * 0x01010101u;
  const int32_t row = p->width * p->depth;
  for (; place < end; ++place) {
    const int32_t x = place - 1;
    const int inside = x >= 0 && x < p->width;
    const int above = inside && y > 0, below = inside && y + 2 < p->height;
    const int8_t *from = image + y * row + x * p->depth;
    uint32_t *to = tg_dsp_conv_winograd_column(p, columns, place);
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

/* The four words of a row, in `d0` to `d3`, transformed, from product `first` of those at r4 on. */
#define TG_DSP_CONV_WINOGRAD_ALONG(d0, d1, d2, d3, first) \
  "ssub16  " d0 ", " d0 ", " d2                           \
  "\n"                                                    \
  "ssub16  " d3 ", " d1 ", " d3                           \
  "\n"                                                    \
  "str     " d0 ", [r4, #%c[product] * (" first           \
  ")]\n"                                                  \
  "sadd16  " d0 ", " d1 ", " d2                           \
  "\n"                                                    \
  "ssub16  " d2 ", " d2 ", " d1                           \
  "\n"                                                    \
  "str     " d3 ", [r4, #%c[product] * (" first           \
  " + 3)]\n"                                              \
  "str     " d0 ", [r4, #%c[product] * (" first           \
  " + 1)]\n"                                              \
  "str     " d2 ", [r4, #%c[product] * (" first " + 2)]\n"

/* Two rows. */
#define TG_DSP_CONV_WINOGRAD_TWO_ROWS(first)                                                \
  "ldrd    r5, r6, [r0], #8\n"                                                              \
  "ldrd    r8, r9, [r1], #8\n"                                                              \
  "ldrd    r10, r11, [r2], #8\n"                                                            \
  "ldrd    r12, lr, [r3], #8\n" TG_DSP_CONV_WINOGRAD_ALONG("r5", "r8", "r10", "r12", first) \
      TG_DSP_CONV_WINOGRAD_ALONG("r6", "r9", "r11", "lr", first " + 4")

/* A tile from the four columns from this place on.
 *
 *   r0 to r3         where the columns are read
 *   r4, r7           where the tile is written, and the end of the first column
 *   r5, r6, r8 to lr   two words of each column
 */
TG_INLINE void tg_dsp_conv_winograd_tile(const struct tg_dsp_conv_winograd_params *p,
                                         uint32_t *columns, int32_t place, uint32_t *tile) {
  register const uint32_t *a __asm__("r0") = tg_dsp_conv_winograd_column(p, columns, place);
  register const uint32_t *b __asm__("r1") = tg_dsp_conv_winograd_column(p, columns, place + 1);
  register const uint32_t *c __asm__("r2") = tg_dsp_conv_winograd_column(p, columns, place + 2);
  register const uint32_t *d __asm__("r3") = tg_dsp_conv_winograd_column(p, columns, place + 3);
  register uint32_t *to __asm__("r4") = tile;
  __asm__ volatile(
      "push    {r7}\n"
      "add     r7, r0, #8 * %c[depth]\n"
      "1:\n"
      ".if     15 * %c[product] < 4096\n" TG_DSP_CONV_WINOGRAD_TWO_ROWS("0")
          TG_DSP_CONV_WINOGRAD_TWO_ROWS("8")
      ".else\n" TG_DSP_CONV_WINOGRAD_TWO_ROWS("0")
      "add     r4, r4, #4 * %c[product]\n"
      "add     r4, r4, #4 * %c[product]\n" TG_DSP_CONV_WINOGRAD_TWO_ROWS("0")
      "sub     r4, r4, #4 * %c[product]\n"
      "sub     r4, r4, #4 * %c[product]\n"
      ".endif\n"
      "add     r4, r4, #8\n"
      "cmp     r0, r7\n"
      "bne     1b\n"
      "pop     {r7}\n"
      : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(to)
      : [depth] "i"(p->depth), [product] "i"(4 * p->depth)
      : "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

/* Scratch: 512 bytes of sums, two tiles, six columns. The columns of a block of two rows by four
 * pixels are taken before it is written. */
TG_INLINE void tg_dsp_conv_winograd(const struct tg_dsp_conv_winograd_params *p,
                                    const int8_t *input, int8_t *output, void *scratch) {
  /* The compiler knows these numbers, and no longer those behind a pointer that others have. */
  const struct tg_dsp_conv_winograd_params numbers = *p;
  const int32_t image = numbers.height * numbers.width;
  int32_t *const sums = (int32_t *)scratch;
  uint32_t *const tiles = (uint32_t *)scratch + 128;
  uint32_t *const columns = tiles + 16 * numbers.depth;
  for (int32_t batch = 0; batch < numbers.batches; ++batch) {
    for (int32_t y = 0; y < numbers.height; y += 2) {
      int32_t done = 0;
      for (int32_t x = 0; x < numbers.width; x += 4) {
        tg_dsp_conv_winograd_columns(p, input, y, done, x + 6, columns);
        done = x + 6;
        for (int32_t tile = 0; tile < 2; ++tile) {
          tg_dsp_conv_winograd_tile(&numbers, columns, x + 2 * tile, tiles + tile);
        }
        tg_dsp_conv_winograd_tiles(&numbers, tiles, sums,
                                   output + (y * numbers.width + x) * numbers.channels);
      }
    }
    input += image * numbers.depth;
    output += image * numbers.channels;
  }
}

#endif /* TG_DSP_CONV_WINOGRAD_H */
