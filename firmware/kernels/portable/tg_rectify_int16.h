/* A function of int16 codes that is straight on both sides of zero: RELU, RELU6, LEAKY_RELU. */
#ifndef TG_PORTABLE_RECTIFY_INT16_H
#define TG_PORTABLE_RECTIFY_INT16_H

#include "tg_fixed_point.h"

struct tg_portable_rectify_int16_params {
  int32_t count;      /* elements */
  int32_t multiplier; /* from zero on: code * multiplier * 2^(shift - 31) */
  int32_t shift;
  int32_t below_multiplier; /* below zero likewise, */
  int32_t below_shift;
  int32_t below_sign; /* times 1 or -1 */
  int32_t minimum;    /* the clamp, as codes */
  int32_t maximum;
};

/* May run in place. */
TG_INLINE void tg_portable_rectify_int16(const struct tg_portable_rectify_int16_params *p,
                                         const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    const int32_t x = input[i];
    const int32_t y = x >= 0
                          ? tg_requantize(x, p->multiplier, p->shift)
                          : p->below_sign * tg_requantize(x, p->below_multiplier, p->below_shift);
    output[i] = (int16_t)tg_clamp(y, p->minimum, p->maximum);
  }
}

#endif /* TG_PORTABLE_RECTIFY_INT16_H */
