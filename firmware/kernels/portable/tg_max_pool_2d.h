/* MAX_POOL_2D in portable C. */
#ifndef TG_PORTABLE_MAX_POOL_2D_H
#define TG_PORTABLE_MAX_POOL_2D_H

#include <stdint.h>

#include "tg_weighted.h"

struct tg_portable_max_pool_2d_params {
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

/* One output pixel; `origin` is the input under tap (0, 0), which may lie outside the image. */
TG_INLINE void tg_portable_max_pool_2d_pixel(const struct tg_portable_max_pool_2d_params *p,
                                             const int8_t *image, int32_t origin,
                                             struct tg_taps rows, struct tg_taps columns,
                                             int8_t *output) {
  for (int32_t channel = 0; channel < p->channels; ++channel) {
    int32_t largest = INT8_MIN;
    for (int32_t y = rows.first; y < rows.last; ++y) {
      const int8_t *input =
          image + (origin + (y * p->input_width + columns.first) * p->channels + channel);
      for (int32_t x = columns.first; x < columns.last; ++x) {
        largest = *input > largest ? *input : largest;
        input += p->channels;
      }
    }
    output[channel] = (int8_t)tg_clamp(largest, p->output_min, p->output_max);
  }
}

TG_INLINE void tg_portable_max_pool_2d(const struct tg_portable_max_pool_2d_params *p,
                                       const int8_t *input, int8_t *output) {
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
        tg_portable_max_pool_2d_pixel(p, input, (top * p->input_width + left) * p->channels, rows,
                                      columns, output);
        output += p->channels;
        left += p->stride_width;
      }
      top += p->stride_height;
    }
    input += p->input_height * p->input_width * p->channels;
  }
}

#endif /* TG_PORTABLE_MAX_POOL_2D_H */
