/* MAX_POOL_2D with Helium, sixteen channels at a time. */
#ifndef TG_MVE_MAX_POOL_2D_H
#define TG_MVE_MAX_POOL_2D_H

#include <arm_mve.h>

#include "tg_weighted.h"

struct tg_mve_max_pool_2d_params {
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

/* One output pixel, of the part of its window that lies in the image. */
TG_INLINE void tg_mve_max_pool_2d_pixel(const struct tg_mve_max_pool_2d_params *p,
                                        const int8_t *window, int32_t rows, int32_t columns,
                                        int8_t *output) {
  for (int32_t c = 0; c < p->channels; c += 16) {
    const mve_pred16_t inside = vctp8q((uint32_t)(p->channels - c));
    int8x16_t greatest = vdupq_n_s8((int8_t)p->output_min);
    for (int32_t y = 0; y < rows; ++y) {
      const int8_t *from = window + y * p->input_width * p->channels + c;
      for (int32_t x = columns; x > 0; --x) {
        greatest = vmaxq_s8(greatest, vldrbq_z_s8(from, inside));
        from += p->channels;
      }
    }
    greatest = vminq_s8(greatest, vdupq_n_s8((int8_t)p->output_max));
    vstrbq_p_s8(output + c, greatest, inside);
  }
}

TG_INLINE void tg_mve_max_pool_2d(const struct tg_mve_max_pool_2d_params *p, const int8_t *input,
                                  int8_t *output) {
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      const int32_t top = y * p->stride_height - p->pad_top;
      const struct tg_taps rows = tg_taps_inside(top, p->input_height, p->filter_height, 1);
      for (int32_t x = 0; x < p->output_width; ++x) {
        const int32_t left = x * p->stride_width - p->pad_left;
        const struct tg_taps columns = tg_taps_inside(left, p->input_width, p->filter_width, 1);
        const int32_t first = (top + rows.first) * p->input_width + left + columns.first;
        tg_mve_max_pool_2d_pixel(p, input + first * p->channels, rows.last - rows.first,
                                 columns.last - columns.first, output);
        output += p->channels;
      }
    }
    input += p->input_height * p->input_width * p->channels;
  }
}

#endif /* TG_MVE_MAX_POOL_2D_H */
