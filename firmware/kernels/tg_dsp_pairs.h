/* Columns of vertical pairs: of an int8 NHWC image, four channels at a time, a word holds one
 * channel of a pixel (its lower half) and of the pixel below.
 *
 * Pairs of rows are numbered from the border on: pair j is rows 2 j - pad_top and the next. A
 * column holds `gap` pairs of the first channel, of the second, the third, the fourth. The border
 * is there as zero points, whose share the bias takes back, so that windows need not mind where
 * they are.
 */
#ifndef TG_DSP_PAIRS_H
#define TG_DSP_PAIRS_H

#include "tg_dsp.h"

/* A pixel in r9 and the one below in r10, to where r8 is; r11, r12 and lr are halves and pairs. */
#define TG_DSP_PAIR(gap)            \
  "sxtb16  r11, r9\n"               \
  "sxtb16  r9, r9, ror #8\n"        \
  "sxtb16  r12, r10\n"              \
  "sxtb16  r10, r10, ror #8\n"      \
  "pkhbt   lr, r9, r10, lsl #16\n"  \
  "str     lr, [r8, #4 * " #gap     \
  "]\n"                             \
  "pkhtb   lr, r12, r11, asr #16\n" \
  "str     lr, [r8, #8 * " #gap     \
  "]\n"                             \
  "pkhtb   lr, r10, r9, asr #16\n"  \
  "str     lr, [r8, #12 * " #gap    \
  "]\n"                             \
  "pkhbt   lr, r11, r12, lsl #16\n" \
  "str     lr, [r8], #16 * " #gap "\n"

/* Pairs of rows that are there, in the order of registers and stack. Distances are in bytes. */
struct tg_dsp_pairs {
  const int8_t *above_end; /* of the pixels of both rows */
  const int8_t *below_end;
  int32_t start;    /* of a row, from its end */
  int32_t channels; /* from pixel to pixel */
  uint32_t *to;
  int32_t next; /* from a row to the next one but one */
  int32_t next_to;
  int32_t count; /* of pairs of rows */
};

/* One of which a row may be missing: its pixel then is four zero points, and its step nothing. */
struct tg_dsp_pair_border {
  const int8_t *above;
  const int8_t *below;
  const uint32_t *end;
  int32_t above_step;
  int32_t below_step;
  uint32_t *to;
};

#define TG_DSP_PAIR_FUNCTIONS(gap)                                                           \
  TG_DSP_SHARED void tg_dsp_pair_rows_##gap(const struct tg_dsp_pairs *rows) {               \
    register const struct tg_dsp_pairs *at __asm__("r0") = rows;                             \
    __asm__ volatile(                                                                      \
        "ldm     r0, {r0-r3, r8-r11}\n"                                                    \
        "push    {r2, r9-r11}\n"                                                           \
        "1:\n"                                                                             \
        "ldr     r9, [r0, r2]\n"                                                           \
        "ldr     r10, [r1, r2]\n" TG_DSP_PAIR(gap)                                         \
        "adds    r2, r2, r3\n"                                                             \
        "bne     1b\n"                                                                     \
        "pop     {r2, r9-r11}\n"                                                           \
        "add     r0, r0, r9\n"                                                             \
        "add     r1, r1, r9\n"                                                             \
        "add     r8, r8, r10\n"                                                            \
        "subs    r11, r11, #1\n"                                                           \
        "push    {r2, r9-r11}\n"                                                           \
        "bne     1b\n"                                                                     \
        "add     sp, sp, #16\n"                                                            \
        : "+r"(at)                                                                         \
        :                                                                                  \
        : "r1", "r2", "r3", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory"); \
  }                                                                                          \
  TG_DSP_SHARED void tg_dsp_pair_border_##gap(const struct tg_dsp_pair_border *border) {     \
    register const struct tg_dsp_pair_border *at __asm__("r0") = border;                     \
    __asm__ volatile(                                                                      \
        "ldm     r0, {r0-r4, r8}\n"                                                        \
        "1:\n"                                                                             \
        "ldr     r9, [r0]\n"                                                               \
        "ldr     r10, [r1]\n" TG_DSP_PAIR(gap)                                             \
        "add     r0, r0, r3\n"                                                             \
        "add     r1, r1, r4\n"                                                             \
        "cmp     r8, r2\n"                                                                 \
        "bne     1b\n"                                                                     \
        : "+r"(at)                                                                         \
        :                                                                                  \
        : "r1", "r2", "r3", "r4", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory"); \
  }

TG_DSP_PAIR_FUNCTIONS(4)
TG_DSP_PAIR_FUNCTIONS(8)
TG_DSP_PAIR_FUNCTIONS(14)

/* An image, of which four channels at a time become pairs. */
struct tg_dsp_image {
  int32_t height;
  int32_t row; /* bytes from row to row */
  int32_t channels;
  int32_t width; /* columns that are taken */
  int32_t pad_top;
  int32_t zero_point;
  int32_t gap;
  int32_t count;                                      /* channels that are taken, four at most */
  void (*pair_rows)(const struct tg_dsp_pairs *rows); /* for this gap */
  void (*pair_border)(const struct tg_dsp_pair_border *border);
};

/* Channels of a pair of rows, less than four: a word would reach beyond the image. */
TG_DSP_SHARED void tg_dsp_pair_few(const struct tg_dsp_image *image, const int8_t *from, int32_t y,
                                   uint32_t *to) {
  for (int32_t x = 0; x < image->width; ++x) {
    for (int32_t channel = 0; channel < image->count; ++channel) {
      int32_t pair[2];
      for (int32_t i = 0; i < 2; ++i) {
        pair[i] = y + i < 0 || y + i >= image->height ? image->zero_point
                                                      : from[(y + i) * image->row + channel];
      }
      to[channel * image->gap] = ((uint32_t)pair[0] & 0xffffu) | (uint32_t)pair[1] << 16;
    }
    from += image->channels;
    to += 4 * image->gap;
  }
}

/* The pair of rows from row `y` on, of which one is not there. */
TG_INLINE void tg_dsp_pair_missing(const struct tg_dsp_image *image, const int8_t *from, int32_t y,
                                   uint32_t *to) {
  const uint32_t zero = (uint32_t)(uint8_t)image->zero_point * 0x01010101u;
  const int above = y >= 0 && y < image->height, below = y >= -1 && y + 1 < image->height;
  struct tg_dsp_pair_border border;
  border.above = above ? from + y * image->row : (const int8_t *)&zero;
  border.below = below ? from + (y + 1) * image->row : (const int8_t *)&zero;
  border.end = to + 4 * image->gap * image->width;
  border.above_step = above ? image->channels : 0;
  border.below_step = below ? image->channels : 0;
  border.to = to;
  image->pair_border(&border);
}

/* `count` pairs of rows from `j` on, of the channels that begin at `from`, to words from `to` on.
 */
TG_DSP_SHARED void tg_dsp_pair_rows(const struct tg_dsp_image *image, const int8_t *from, int32_t j,
                                    int32_t count, uint32_t *to) {
  const int32_t taken = image->width * image->channels;
  int32_t y = 2 * j - image->pad_top;
  while (count != 0) {
    int32_t some = 1;
    if (image->count != 4) {
      tg_dsp_pair_few(image, from, y, to);
    } else if (y < 0 || y + 1 >= image->height) {
      tg_dsp_pair_missing(image, from, y, to);
    } else {
      struct tg_dsp_pairs rows;
      some = (image->height - y) / 2 < count ? (image->height - y) / 2 : count;
      rows.above_end = from + y * image->row + taken;
      rows.below_end = rows.above_end + image->row;
      rows.start = -taken;
      rows.channels = image->channels;
      rows.to = to;
      rows.next = 2 * image->row;
      rows.next_to = 4 - 16 * image->gap * image->width;
      rows.count = some;
      image->pair_rows(&rows);
    }
    y += 2 * some;
    to += some;
    count -= some;
  }
}

/* The last pair of each column becomes the first. */
TG_INLINE void tg_dsp_pair_again(uint32_t *pairs, int32_t columns, int32_t gap) {
  uint32_t *const end = pairs + 4 * gap * columns;
  while (pairs != end) {
    pairs[0] = pairs[gap - 1];
    pairs += gap;
  }
}

#endif /* TG_DSP_PAIRS_H */
