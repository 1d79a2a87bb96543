/* MAX_POOL_2D for cores with the DSP extension: four channels at a time. */
#ifndef TG_DSP_MAX_POOL_2D_H
#define TG_DSP_MAX_POOL_2D_H

#include "tg_dsp_channels.h"
#include "tg_weighted.h"

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

/* May write over the beginning of its input, as the order of pixels allows. */
TG_INLINE void tg_dsp_max_pool_2d(const struct tg_dsp_max_pool_2d_params *p, const int8_t *input,
                                  int8_t *output) {
  const int full_rows = tg_unpadded(p->input_height, p->output_height, p->filter_height,
                                    p->stride_height, 1, p->pad_top);
  const int full_columns = tg_unpadded(p->input_width, p->output_width, p->filter_width,
                                       p->stride_width, 1, p->pad_left);
  struct tg_taps rows = {0, p->filter_height};
  struct tg_taps columns = {0, p->filter_width};
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    int32_t top = -p->pad_top;
    for (int32_t y = 0; y < p->output_height; ++y) {
      if (!full_rows) {
        rows = tg_taps_inside(top, p->input_height, p->filter_height, 1);
      }
      int32_t left = -p->pad_left;
      for (int32_t x = 0; x < p->output_width; ++x) {
        if (!full_columns) {
          columns = tg_taps_inside(left, p->input_width, p->filter_width, 1);
        }
        const int8_t *const from =
            input + ((top + rows.first) * p->input_width + left + columns.first) * p->channels;
        const int32_t high = rows.last - rows.first, wide = columns.last - columns.first;
        const int32_t fours = p->channels / 4 * 4;
        for (int32_t channel = 0; channel < fours; channel += 4) {
          tg_dsp_max_pool_2d_four(p, from + channel, high, wide, 4, output + channel);
        }
        if (p->channels % 4 != 0) {
          tg_dsp_max_pool_2d_four(p, from + fours, high, wide, p->channels % 4, output + fours);
        }
        output += p->channels;
        left += p->stride_width;
      }
      top += p->stride_height;
    }
    input += p->input_height * p->input_width * p->channels;
  }
}

#endif /* TG_DSP_MAX_POOL_2D_H */
