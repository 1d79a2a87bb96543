/* MEAN over any axes in portable C. */
#ifndef TG_PORTABLE_MEAN_H
#define TG_PORTABLE_MEAN_H

#include <stdint.h>

#include "tg_weighted.h"

struct tg_portable_mean_params {
  int32_t kept_size[3];      /* elements per kept dimension, outermost first */
  int32_t kept_stride[3];    /* input elements from one to the next */
  int32_t reduced_size[3];   /* elements per reduced dimension, outermost first */
  int32_t reduced_stride[3]; /* input elements from one to the next */
  int32_t multiplier;        /* scale ratio / reduced elements, as multiplier * 2^(shift - 31) */
  int32_t shift;             /* left if positive */
  int32_t input_zero_point;
  int32_t output_zero_point;
};

TG_INLINE int8_t tg_portable_mean_one(const struct tg_portable_mean_params *p,
                                      const int8_t *input) {
  uint32_t sum = 0;
  for (int32_t a = 0; a < p->reduced_size[0]; ++a) {
    for (int32_t b = 0; b < p->reduced_size[1]; ++b) {
      const int8_t *source = input + a * p->reduced_stride[0] + b * p->reduced_stride[1];
      for (int32_t c = 0; c < p->reduced_size[2]; ++c) {
        const int32_t value = *source;
        sum += (uint32_t)value;
        source += p->reduced_stride[2];
      }
    }
  }
  const int32_t count = p->reduced_size[0] * p->reduced_size[1] * p->reduced_size[2];
  sum -= (uint32_t)count * (uint32_t)p->input_zero_point;
  return tg_output(sum, p->multiplier, p->shift, p->shift < 0, p->output_zero_point, INT8_MIN,
                   INT8_MAX);
}

TG_INLINE void tg_portable_mean(const struct tg_portable_mean_params *p, const int8_t *input,
                                int8_t *output) {
  for (int32_t a = 0; a < p->kept_size[0]; ++a) {
    for (int32_t b = 0; b < p->kept_size[1]; ++b) {
      for (int32_t c = 0; c < p->kept_size[2]; ++c) {
        *output++ = tg_portable_mean_one(
            p, input + a * p->kept_stride[0] + b * p->kept_stride[1] + c * p->kept_stride[2]);
      }
    }
  }
}

#endif /* TG_PORTABLE_MEAN_H */
