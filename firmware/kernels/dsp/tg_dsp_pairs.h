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

/* An image, of which four channels at a time become pairs. */
struct tg_dsp_image {
  int32_t height;
  int32_t row; /* bytes from row to row */
  int32_t channels;
  int32_t width; /* columns that are taken */
  int32_t pad_top;
  int32_t zero_point;
  int32_t gap;   /* 4 or 8 */
  int32_t count; /* channels that are taken, four at most */
};

/* Pairs of rows, in the order in which registers and the stack take them. Distances are in bytes.
 */
struct tg_dsp_pairs {
  const int8_t *above;
  const int8_t *below;
  uint32_t *to_end;   /* of the first pair of rows */
  int32_t above_step; /* from pixel to pixel: nothing where the row is not there */
  int32_t below_step;
  uint32_t *to;
  int32_t next; /* from the end of a row to the beginning of the next one but one */
  int32_t next_to;
  int32_t count; /* of pairs of rows */
};

/* r0, r1         pixels of both rows
 * r2             where the last pair of a row ends
 * r3, r4         from pixel to pixel
 * r8             where pairs go
 * r9 to r12, lr  pixels, halves, pairs */
#define TG_DSP_PAIR_ROWS(gap)           \
  __asm__ volatile(                     \
      "ldm     r0, {r0-r4, r8-r11}\n"   \
      "push    {r9-r11}\n"              \
      "1:\n"                            \
      "ldr     r9, [r0]\n"              \
      "add     r0, r0, r3\n"            \
      "ldr     r10, [r1]\n"             \
      "add     r1, r1, r4\n"            \
      "sxtb16  r11, r9\n"               \
      "sxtb16  r9, r9, ror #8\n"        \
      "sxtb16  r12, r10\n"              \
      "sxtb16  r10, r10, ror #8\n"      \
      "pkhbt   lr, r9, r10, lsl #16\n"  \
      "str     lr, [r8, #4 * " gap      \
      "]\n"                             \
      "pkhtb   lr, r12, r11, asr #16\n" \
      "str     lr, [r8, #8 * " gap      \
      "]\n"                             \
      "pkhtb   lr, r10, r9, asr #16\n"  \
      "str     lr, [r8, #12 * " gap     \
      "]\n"                             \
      "pkhbt   lr, r11, r12, lsl #16\n" \
      "str     lr, [r8], #16 * " gap    \
      "\n"                              \
      "cmp     r8, r2\n"                \
      "bne     1b\n"                    \
      "pop     {r9-r11}\n"              \
      "add     r0, r0, r9\n"            \
      "add     r1, r1, r9\n"            \
      "add     r8, r8, r10\n"           \
      "add     r2, r2, #4\n"            \
      "sub     r11, r11, #1\n"          \
      "push    {r9-r11}\n"              \
      "cmp     r11, #0\n"               \
      "bne     1b\n"                    \
      "add     sp, sp, #12\n"           \
      : "+r"(at)                        \
      :                                 \
      : "r1", "r2", "r3", "r4", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

TG_DSP_SHARED void tg_dsp_pair_rows_4(const struct tg_dsp_pairs *rows) {
  register const struct tg_dsp_pairs *at __asm__("r0") = rows;
  TG_DSP_PAIR_ROWS("4");
}

TG_DSP_SHARED void tg_dsp_pair_rows_8(const struct tg_dsp_pairs *rows) {
  register const struct tg_dsp_pairs *at __asm__("r0") = rows;
  TG_DSP_PAIR_ROWS("8");
}

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

/* `count` pairs of rows from `j` on, of the channels that begin at `from`, to words from `to` on.
 */
TG_DSP_SHARED void tg_dsp_pair_rows(const struct tg_dsp_image *image, const int8_t *from, int32_t j,
                                    int32_t count, uint32_t *to) {
  const uint32_t zero = (uint32_t)(uint8_t)image->zero_point * 0x01010101u;
  const int8_t *const none = (const int8_t *)&zero;
  const int32_t words = 4 * image->gap * image->width;
  struct tg_dsp_pairs rows = {
      .next = 2 * image->row - image->width * image->channels,
      .next_to = 4 - 4 * words,
  };
  for (int32_t y = 2 * j - image->pad_top; count != 0; y += 2 * rows.count) {
    const int32_t above = y >= 0 && y < image->height, below = y >= -1 && y + 1 < image->height;
    rows.count = 1;
    if (image->count != 4) {
      tg_dsp_pair_few(image, from, y, to);
    } else {
      if (above && below) {
        const int32_t whole = (image->height - y) / 2;
        rows.count = whole < count ? whole : count;
      }
      rows.above = above ? from + y * image->row : none;
      rows.below = below ? from + (y + 1) * image->row : none;
      rows.above_step = above ? image->channels : 0;
      rows.below_step = below ? image->channels : 0;
      rows.to = to;
      rows.to_end = to + words;
      if (image->gap == 4) {
        tg_dsp_pair_rows_4(&rows);
      } else {
        tg_dsp_pair_rows_8(&rows);
      }
    }
    to += rows.count;
    count -= rows.count;
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
