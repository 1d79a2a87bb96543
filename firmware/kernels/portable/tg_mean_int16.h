/* MEAN and SUM of int16 over any axes in portable C. */
#ifndef TG_PORTABLE_MEAN_INT16_H
#define TG_PORTABLE_MEAN_INT16_H

#include "tg_fixed_point.h"

struct tg_portable_mean_int16_params {
  int32_t kept_size[3];      /* elements per kept dimension, outermost first */
  int32_t kept_stride[3];    /* input elements from one to the next */
  int32_t reduced_size[3];   /* elements per reduced dimension, outermost first */
  int32_t reduced_stride[3]; /* input elements from one to the next */
  int32_t multiplier;        /* scale ratio / reduced elements, as multiplier * 2^(shift - 31) */
  int32_t shift;             /* left if positive */
};

TG_INLINE int16_t tg_portable_mean_int16_one(const struct tg_portable_mean_int16_params *p,
                                             const int16_t *input) {
  int32_t sum = 0; /* of at most 2^16 elements */
  for (int32_t a = 0; a < p->reduced_size[0]; ++a) {
    for (int32_t b = 0; b < p->reduced_size[1]; ++b) {
      const int16_t *source = input + a * p->reduced_stride[0] + b * p->reduced_stride[1];
      for (int32_t c = 0; c < p->reduced_size[2]; ++c) {
        sum += *source;
        source += p->reduced_stride[2];
      }
    }
  }
  return (int16_t)tg_clamp(tg_requantize(sum, p->multiplier, p->shift), INT16_MIN, INT16_MAX);
}

TG_INLINE void tg_portable_mean_int16(const struct tg_portable_mean_int16_params *p,
                                      const int16_t *input, int16_t *output) {
  for (int32_t a = 0; a < p->kept_size[0]; ++a) {
    for (int32_t b = 0; b < p->kept_size[1]; ++b) {
      for (int32_t c = 0; c < p->kept_size[2]; ++c) {
        *output++ = tg_portable_mean_int16_one(
            p, input + a * p->kept_stride[0] + b * p->kept_stride[1] + c * p->kept_stride[2]);
      }
    }
  }
}

#endif /* TG_PORTABLE_MEAN_INT16_H */
