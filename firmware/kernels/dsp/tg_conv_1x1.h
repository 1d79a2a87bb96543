/* CONV_2D by one tap, for cores with the DSP extension: four pixels at a time. */
#ifndef TG_DSP_CONV_1X1_H
#define TG_DSP_CONV_1X1_H

#include <stddef.h>

#include "tg_dsp_pixels.h"

struct tg_dsp_conv_1x1_params {
  int32_t rows;           /* of the output, of all batches */
  int32_t columns;        /* of the output */
  int32_t depth;          /* channels of the input */
  int32_t channels;       /* of the output */
  int32_t column;         /* bytes of the input from a column's pixel to the next one's */
  int32_t row;            /* bytes of the input from a row's first pixel to the next one's */
  int32_t twice;          /* 1: requantization rounds twice; 0: once */
  const int32_t *weights; /* as tg_dsp_pixels.h reads them */
};

/* Four pixels side by side; `plain` where their channels are known to be fours. */
TG_INLINE void tg_dsp_conv_1x1_four(const struct tg_dsp_conv_1x1_params *p, const int8_t *from,
                                    uint32_t *stream, int plain) {
  const int32_t whole = p->depth / 4;
  if (plain) {
    tg_dsp_expand_four(from, p->column, stream, stream + 8 * whole);
    return;
  }
  uint32_t *const last = stream + 8 * whole;
  if (whole != 0) {
    tg_dsp_expand_four(from, p->column, stream, last);
  }
  if (p->depth % 4 != 0) {
    for (int32_t i = 0; i < 4; ++i) {
      const struct tg_dsp_quad quad = tg_dsp_expanded(tg_dsp_tail(from, p->depth));
      last[i] = quad.a;
      last[4 + i] = quad.b;
      from += p->column;
    }
  }
}

TG_INLINE void tg_dsp_conv_1x1_rows(const struct tg_dsp_conv_1x1_params *p, const int8_t *input,
                                    int8_t *output, uint32_t *stream, tg_dsp_pixels_run *four,
                                    tg_dsp_pixels_run *one, int plain) {
  const int32_t quads = (p->depth + 3) / 4;
  struct tg_dsp_pixels fours = tg_dsp_pixels_fours(p->weights, stream, quads, p->channels);
  struct tg_dsp_pixels ones = tg_dsp_pixels_ones(p->weights, stream, quads, p->channels);
  for (int32_t y = 0; y < p->rows; ++y) {
    const int8_t *from = input;
    int32_t x = p->columns;
    for (; x >= 4; x -= 4) {
      tg_dsp_conv_1x1_four(p, from, stream, plain);
      tg_dsp_pixels_write(&fours, output, 4, four, plain);
      from += 4 * p->column;
      output += 4 * p->channels;
    }
    for (; one != NULL && x > 0; --x) {
      if (plain) {
        tg_dsp_expand(from, stream, quads);
      } else {
        tg_dsp_expand_all(from, stream, p->depth);
      }
      tg_dsp_pixels_write(&ones, output, 1, one, plain);
      from += p->column;
      output += p->channels;
    }
    input += p->row;
  }
}

TG_DSP_SHARED void tg_dsp_conv_1x1_fours(const struct tg_dsp_conv_1x1_params *p,
                                         const int8_t *input, int8_t *output, uint32_t *stream,
                                         tg_dsp_pixels_run *four) {
  tg_dsp_conv_1x1_rows(p, input, output, stream, four, NULL, 1);
}

TG_DSP_SHARED void tg_dsp_conv_1x1_plain(const struct tg_dsp_conv_1x1_params *p,
                                         const int8_t *input, int8_t *output, uint32_t *stream,
                                         tg_dsp_pixels_run *four, tg_dsp_pixels_run *one) {
  tg_dsp_conv_1x1_rows(p, input, output, stream, four, one, 1);
}

TG_DSP_SHARED void tg_dsp_conv_1x1_any(const struct tg_dsp_conv_1x1_params *p, const int8_t *input,
                                       int8_t *output, uint32_t *stream, tg_dsp_pixels_run *four,
                                       tg_dsp_pixels_run *one) {
  tg_dsp_conv_1x1_rows(p, input, output, stream, four, one, 0);
}

/* Scratch: eight words for each quad of the depth. Pixels are expanded four at a time, the last
 * ones of a row one at a time, before their outputs are written. */
TG_INLINE void tg_dsp_conv_1x1(const struct tg_dsp_conv_1x1_params *p, const int8_t *input,
                               int8_t *output, void *scratch) {
  uint32_t *const stream = (uint32_t *)scratch;
  tg_dsp_pixels_run *const four = p->twice ? tg_dsp_four_pixels_twice : tg_dsp_four_pixels_once;
  tg_dsp_pixels_run *const one = p->twice ? tg_dsp_one_pixel_twice : tg_dsp_one_pixel_once;
  if (p->depth % 4 != 0 || p->channels % 2 != 0) {
    tg_dsp_conv_1x1_any(p, input, output, stream, four, one);
  } else if (p->columns % 4 != 0) {
    tg_dsp_conv_1x1_plain(p, input, output, stream, four, one);
  } else {
    tg_dsp_conv_1x1_fours(p, input, output, stream, four);
  }
}

#endif /* TG_DSP_CONV_1X1_H */
