/* MAX_POOL_2D of int16 in portable C. */
#ifndef TG_PORTABLE_MAX_POOL_2D_INT16_H
#define TG_PORTABLE_MAX_POOL_2D_INT16_H

#include "tg_pool.h"

struct tg_portable_max_pool_2d_int16_params {
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

/* One output pixel. */
TG_INLINE void tg_portable_max_pool_2d_int16_pixel(const void *params, const int8_t *from,
                                                   int32_t rows, int32_t columns, int8_t *output) {
  const struct tg_portable_max_pool_2d_int16_params *const p =
      (const struct tg_portable_max_pool_2d_int16_params *)params;
  const int16_t *const window = (const int16_t *)(const void *)from;
  int16_t *const pixel = (int16_t *)(void *)output;
  for (int32_t channel = 0; channel < p->channels; ++channel) {
    int32_t largest = INT16_MIN;
    for (int32_t y = 0; y < rows; ++y) {
      const int16_t *input = window + (y * p->input_width * p->channels + channel);
      for (int32_t x = 0; x < columns; ++x) {
        largest = *input > largest ? *input : largest;
        input += p->channels;
      }
    }
    pixel[channel] = (int16_t)tg_clamp(largest, p->output_min, p->output_max);
  }
}

TG_INLINE void tg_portable_max_pool_2d_int16(const struct tg_portable_max_pool_2d_int16_params *p,
                                             const int16_t *input, int16_t *output) {
  struct tg_pool pool = TG_POOL_OF(p);
  pool.channels *= 2; /* the walk goes by bytes */
  tg_pool_each(&pool, tg_portable_max_pool_2d_int16_pixel, p, (const int8_t *)input,
               (int8_t *)output);
}

#endif /* TG_PORTABLE_MAX_POOL_2D_INT16_H */
