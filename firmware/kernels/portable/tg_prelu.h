/* PRELU on int8: x above zero, x times a slope that is broadcast below, each side with a
 * requantization of its own. */
#ifndef TG_PORTABLE_PRELU_H
#define TG_PORTABLE_PRELU_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_prelu_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of the input at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for the slopes */
  int32_t zero_point0; /* of the input */
  int32_t zero_point1; /* of the slopes */
  int32_t multiplier;  /* above zero */
  int32_t shift;
  int32_t slope_multiplier; /* of input times slope, below */
  int32_t slope_shift;
  int32_t zero_point; /* of the output */
};

TG_INLINE int8_t tg_portable_prelu_code(const struct tg_portable_prelu_params *p, int8_t code,
                                        int8_t slope) {
  const int32_t x = code - p->zero_point0;
  const int32_t scaled =
      x >= 0 ? tg_requantize(x, p->multiplier, p->shift)
             : tg_requantize(x * (slope - p->zero_point1), p->slope_multiplier, p->slope_shift);
  const int32_t result = (int32_t)((uint32_t)scaled + (uint32_t)p->zero_point);
  return (int8_t)tg_clamp(result, INT8_MIN, INT8_MAX);
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_prelu(const struct tg_portable_prelu_params *p, const int8_t *input,
                                 const int8_t *slopes, int8_t *output) {
  TG_EACH_PAIR (p, a, b) {
    *output++ = tg_portable_prelu_code(p, input[a], slopes[b]);
  }
}

#endif /* TG_PORTABLE_PRELU_H */
