/* AVERAGE_POOL_2D with Helium, sixteen or eight channels at a time.
 *
 * A quotient is half away from zero: |sum| + half of the count is multiplied by a factor of 16 bits
 * for that count, of which the upper 16 bits, shifted, are exact for every sum there can be
 * (pool.py).
 */
#ifndef TG_MVE_AVERAGE_POOL_2D_H
#define TG_MVE_AVERAGE_POOL_2D_H

#include "tg_mve_sums.h"
#include "tg_pool.h"

struct tg_mve_average_pool_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;
  int32_t output_height;
  int32_t output_width;
  int32_t filter_height; /* a window has 256 pixels at most */
  int32_t filter_width;
  int32_t stride_height;
  int32_t stride_width;
  int32_t pad_top;                  /* rows of the first window above the image */
  int32_t pad_left;                 /* columns of the first window left of the image */
  int32_t output_min;               /* lowest code the activation lets through */
  int32_t output_max;               /* highest code the activation lets through */
  int32_t doubled;                  /* 1: |sum| + half is doubled before; never of 256 pixels */
  int32_t fewest;                   /* pixels of a window that lie in the image */
  const TG_FLASH int32_t *divisors; /* from the fewest pixels on a factor, and a shift in bits 16 to
                                       19 */
};

/* The codes of sums of `count` pixels. */
TG_INLINE int16x8_t tg_mve_average_pool_2d_mean(const struct tg_mve_average_pool_2d_params *p,
                                                int16x8_t sum, int32_t count) {
  const uint16x8_t half = vdupq_n_u16((uint16_t)(count / 2));
  uint16x8_t size = vaddq_u16(vreinterpretq_u16_s16(vabsq_s16(sum)), half);
  size = p->doubled ? vshlq_n_u16(size, 1) : size;
  const int32_t divisor = p->divisors[count - p->fewest];
  const uint16x8_t high = vmulhq_u16(size, vdupq_n_u16((uint16_t)divisor));
  const int16x8_t mean = vreinterpretq_s16_u16(vshlq_r_u16(high, -(divisor >> 16)));
  const int16x8_t sign = vshrq_n_s16(sum, 15);
  int16x8_t code = vsubq_s16(veorq_s16(mean, sign), sign);
  if (p->output_min != INT8_MIN) {
    code = vmaxq_s16(code, vdupq_n_s16((int16_t)p->output_min));
  }
  if (p->output_max != INT8_MAX) {
    code = vminq_s16(code, vdupq_n_s16((int16_t)p->output_max));
  }
  return code;
}

/* One output pixel. */
TG_INLINE void tg_mve_average_pool_2d_pixel(const void *params, const int8_t *window, int32_t rows,
                                            int32_t columns, int8_t *output) {
  const struct tg_mve_average_pool_2d_params *const p =
      (const struct tg_mve_average_pool_2d_params *)params;
  const int32_t count = rows * columns, n = p->channels, row = p->input_width * n;
  /* Rows of all of the image are one. */
  const int32_t runs = columns == p->input_width ? 1 : rows;
  const int32_t run = columns == p->input_width ? count : columns;
  for (int32_t c = 0; c < n / 16 * 16; c += 16) {
    struct tg_mve_sums sums = {vdupq_n_s16(0), vdupq_n_s16(0)};
    for (int32_t y = 0; y < runs; ++y) {
      sums = tg_mve_sums_plus(sums, window + y * row + c, run, n);
    }
    vstrbq_s16(output + c, tg_mve_average_pool_2d_mean(p, sums.first, count));
    vstrbq_s16(output + c + 8, tg_mve_average_pool_2d_mean(p, sums.second, count));
  }
  for (int32_t c = n / 16 * 16; c < n; c += 8) {
    const mve_pred16_t some = vctp16q((uint32_t)(n - c));
    int16x8_t sums = vdupq_n_s16(0);
    for (int32_t y = 0; y < runs; ++y) {
      sums = tg_mve_sums_plus_some(sums, window + y * row + c, run, n, some);
    }
    vstrbq_p_s16(output + c, tg_mve_average_pool_2d_mean(p, sums, count), some);
  }
}

/* May write over the beginning of its input, as the order of pixels allows. */
TG_INLINE void tg_mve_average_pool_2d(const struct tg_mve_average_pool_2d_params *p,
                                      const int8_t *input, int8_t *output) {
  const struct tg_pool pool = TG_POOL_OF(p);
  tg_pool_each(&pool, tg_mve_average_pool_2d_pixel, p, input, output);
}

#endif /* TG_MVE_AVERAGE_POOL_2D_H */
