/* CONV_2D of int16 activations by one tap, for cores with the DSP extension: four pixels at a
 * time, read where the input lies. */
#ifndef TG_DSP_CONV_1X1_INT16_H
#define TG_DSP_CONV_1X1_INT16_H

#include <stddef.h>

#include "tg_dsp_pixels_int16.h"

struct tg_dsp_conv_1x1_int16_params {
  int32_t rows;           /* of the output, of all batches */
  int32_t columns;        /* of the output */
  int32_t depth;          /* channels of the input, an even number */
  int32_t channels;       /* of the output */
  int32_t column;         /* elements of the input from a column's pixel to the next one's */
  int32_t row;            /* elements of the input from a row's first pixel to the next one's */
  int32_t relu;           /* 1: no code is below 0 */
  const int32_t *weights; /* as tg_dsp_pixels_int16.h reads them */
};

TG_DSP_SHARED void tg_dsp_conv_1x1_int16_rows(const struct tg_dsp_conv_1x1_int16_params *p,
                                              const int16_t *input, int16_t *output,
                                              uint32_t *stream, tg_dsp_pixels_int16_run *run) {
  const int32_t pairs = p->depth / 2;
  struct tg_dsp_pixels_int16 pixels = tg_dsp_pixels_int16_of(p->weights, stream, pairs);
  for (int32_t y = 0; y < p->rows; ++y) {
    const int16_t *from = input;
    for (int32_t left = p->columns; left > 0; left -= 4) {
      const int32_t count = left < 4 ? left : 4;
      struct tg_dsp_four_int16 four;
      for (int32_t i = 0; i < 4; ++i) {
        four.from[i] = from + (i < count ? i : count - 1) * p->column;
      }
      tg_dsp_side_by_side_int16(&four, stream, stream + 4 * pairs);
      tg_dsp_pixels_int16_write(&pixels, output, count, p->channels, run);
      from += 4 * p->column;
      output += count * p->channels;
    }
    input += p->row;
  }
}

/* Scratch: four words for every two channels of the input. Four pixels are read before their
 * outputs are written. */
TG_INLINE void tg_dsp_conv_1x1_int16(const struct tg_dsp_conv_1x1_int16_params *p,
                                     const int16_t *input, int16_t *output, void *scratch) {
  tg_dsp_conv_1x1_int16_rows(p, input, output, (uint32_t *)scratch,
                             p->relu ? tg_dsp_pixels_int16_relu : tg_dsp_pixels_int16_all);
}

#endif /* TG_DSP_CONV_1X1_INT16_H */
