/* MAX_POOL_2D for cores with the DSP extension: four channels at a time. */
#ifndef TG_DSP_MAX_POOL_2D_H
#define TG_DSP_MAX_POOL_2D_H

#include "tg_dsp_channels.h"
#include "tg_pool.h"

struct tg_dsp_max_pool_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;
  int32_t output_height;
  int32_t output_width;
  int32_t filter_height;
  int32_t filter_width;
  int32_t stride_height;
  int32_t stride_width;
  int32_t pad_top;    /* rows of the first window above the image */
  int32_t pad_left;   /* columns of the first window left of the image */
  int32_t output_min; /* lowest code the activation lets through */
  int32_t output_max; /* highest code the activation lets through */
};

/* Up to four channels of one output pixel: the maximum of `rows` times `columns` pixels from there.
 */
TG_INLINE void tg_dsp_max_pool_2d_four(const struct tg_dsp_max_pool_2d_params *p,
                                       const int8_t *from, int32_t rows, int32_t columns,
                                       int32_t channels, int8_t *output) {
  uint32_t greatest = tg_dsp_four(p->output_min);
  if (columns == p->input_width) { /* rows follow each other */
    greatest = tg_dsp_greatest(greatest, from, rows * columns, p->channels, channels);
  } else {
    for (int32_t y = 0; y < rows; ++y) {
      const int8_t *const row = from + y * p->input_width * p->channels;
      greatest = tg_dsp_greatest(greatest, row, columns, p->channels, channels);
    }
  }
  if (p->output_max != INT8_MAX) {
    greatest = tg_dsp_lesser(greatest, tg_dsp_four(p->output_max));
  }
  memcpy(output, &greatest, (size_t)channels);
}

/* One output pixel. */
TG_INLINE void tg_dsp_max_pool_2d_pixel(const void *params, const int8_t *from, int32_t rows,
                                        int32_t columns, int8_t *output) {
  const struct tg_dsp_max_pool_2d_params *const p =
      (const struct tg_dsp_max_pool_2d_params *)params;
  const int32_t fours = p->channels / 4 * 4;
  for (int32_t channel = 0; channel < fours; channel += 4) {
    tg_dsp_max_pool_2d_four(p, from + channel, rows, columns, 4, output + channel);
  }
  if (p->channels % 4 != 0) {
    tg_dsp_max_pool_2d_four(p, from + fours, rows, columns, p->channels % 4, output + fours);
  }
}

/* May write over the beginning of its input, as the order of pixels allows. */
TG_INLINE void tg_dsp_max_pool_2d(const struct tg_dsp_max_pool_2d_params *p, const int8_t *input,
                                  int8_t *output) {
  const struct tg_pool pool = TG_POOL_OF(p);
  tg_pool_each(&pool, tg_dsp_max_pool_2d_pixel, p, input, output);
}

#endif /* TG_DSP_MAX_POOL_2D_H */
