/* PRELU on int16: x above zero, x times an int8 slope that is broadcast below, each side with a
 * requantization of its own. */
#ifndef TG_PORTABLE_PRELU_INT16_H
#define TG_PORTABLE_PRELU_INT16_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_prelu_int16_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of the input at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for the slopes */
  int32_t slope_zero;  /* the code of a slope of zero */
  int32_t multiplier;  /* above zero */
  int32_t shift;
  int32_t slope_multiplier; /* of input times slope, below */
  int32_t slope_shift;
};

TG_INLINE int16_t tg_portable_prelu_int16_code(const struct tg_portable_prelu_int16_params *p,
                                               int32_t x, int8_t slope) {
  const int32_t scaled =
      x >= 0 ? tg_requantize(x, p->multiplier, p->shift)
             : tg_requantize(x * (slope - p->slope_zero), p->slope_multiplier, p->slope_shift);
  return (int16_t)tg_clamp(scaled, INT16_MIN, INT16_MAX);
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_prelu_int16(const struct tg_portable_prelu_int16_params *p,
                                       const int16_t *input, const int8_t *slopes,
                                       int16_t *output) {
  TG_EACH_PAIR (p, a, b) {
    *output++ = tg_portable_prelu_int16_code(p, input[a], slopes[b]);
  }
}

#endif /* TG_PORTABLE_PRELU_INT16_H */
