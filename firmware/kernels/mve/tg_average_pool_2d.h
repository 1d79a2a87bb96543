/* AVERAGE_POOL_2D with Helium, eight channels at a time, of windows that lie in the image.
 *
 * A quotient is half away from zero: |sum| + half of the count is multiplied by 2^(16 + s) / count,
 * rounded up, of which the upper 16 bits, less s, are exact for every sum there can be (pool.py).
 */
#ifndef TG_MVE_AVERAGE_POOL_2D_H
#define TG_MVE_AVERAGE_POOL_2D_H

#include <arm_mve.h>

#include "tg_fixed_point.h"

struct tg_mve_average_pool_2d_params {
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
  int32_t factor;     /* 2^(16 + shift) / (filter_height * filter_width), rounded up */
  int32_t shift;      /* 0 to 15 */
  int32_t output_min; /* lowest code the activation lets through */
  int32_t output_max; /* highest code the activation lets through */
};

TG_INLINE int16x8_t tg_mve_average_pool_2d_mean(const struct tg_mve_average_pool_2d_params *p,
                                                int16x8_t sum) {
  const uint16x8_t half = vdupq_n_u16((uint16_t)(p->filter_height * p->filter_width / 2));
  const uint16x8_t size = vaddq_u16(vreinterpretq_u16_s16(vabsq_s16(sum)), half);
  const uint16x8_t high = vmulhq_u16(size, vdupq_n_u16((uint16_t)p->factor));
  const int16x8_t mean = vreinterpretq_s16_u16(vshlq_r_u16(high, -p->shift));
  const int16x8_t sign = vshrq_n_s16(sum, 15);
  const int16x8_t code = vsubq_s16(veorq_s16(mean, sign), sign);
  return vminq_s16(vmaxq_s16(code, vdupq_n_s16((int16_t)p->output_min)),
                   vdupq_n_s16((int16_t)p->output_max));
}

/* One output pixel. */
TG_INLINE void tg_mve_average_pool_2d_pixel(const struct tg_mve_average_pool_2d_params *p,
                                            const int8_t *window, int8_t *output) {
  for (int32_t c = 0; c < p->channels; c += 8) {
    const mve_pred16_t inside = vctp16q((uint32_t)(p->channels - c));
    int16x8_t sum = vdupq_n_s16(0);
    for (int32_t y = 0; y < p->filter_height; ++y) {
      const int8_t *from = window + y * p->input_width * p->channels + c;
      for (int32_t x = p->filter_width; x > 0; --x) {
        sum = vaddq_s16(sum, vldrbq_z_s16(from, inside));
        from += p->channels;
      }
    }
    vstrbq_p_s16(output + c, tg_mve_average_pool_2d_mean(p, sum), inside);
  }
}

TG_INLINE void tg_mve_average_pool_2d(const struct tg_mve_average_pool_2d_params *p,
                                      const int8_t *input, int8_t *output) {
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      const int8_t *window = input + y * p->stride_height * p->input_width * p->channels;
      for (int32_t x = 0; x < p->output_width; ++x) {
        tg_mve_average_pool_2d_pixel(p, window, output);
        window += p->stride_width * p->channels;
        output += p->channels;
      }
    }
    input += p->input_height * p->input_width * p->channels;
  }
}

#endif /* TG_MVE_AVERAGE_POOL_2D_H */
