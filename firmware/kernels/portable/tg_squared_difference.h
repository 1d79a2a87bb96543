/* The square of the difference of two int8 tensors with broadcasting: each input is rescaled to a
 * common scale with left_shift extra bits, the square is requantized. */
#ifndef TG_PORTABLE_SQUARED_DIFFERENCE_H
#define TG_PORTABLE_SQUARED_DIFFERENCE_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_squared_difference_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t left_shift;  /* extra bits */
  int32_t zero_point0; /* input 0: (code - zero_point0) * multiplier0 * 2^(shift0 - 31) */
  int32_t multiplier0;
  int32_t shift0;
  int32_t zero_point1; /* input 1 likewise */
  int32_t multiplier1;
  int32_t shift1;
  int32_t multiplier; /* the square */
  int32_t shift;
  int32_t zero_point; /* of the output */
};

TG_INLINE int8_t tg_portable_squared_difference_codes(
    const struct tg_portable_squared_difference_params *p, int8_t a, int8_t b) {
  const int32_t wide_a = tg_left_shift(a - p->zero_point0, p->left_shift);
  const int32_t wide_b = tg_left_shift(b - p->zero_point1, p->left_shift);
  /* Both are below 2^14: their difference's square is within int32. */
  const int32_t difference = tg_requantize(wide_a, p->multiplier0, p->shift0) -
                             tg_requantize(wide_b, p->multiplier1, p->shift1);
  const int32_t scaled = tg_requantize(difference * difference, p->multiplier, p->shift);
  const int32_t code = (int32_t)((uint32_t)scaled + (uint32_t)p->zero_point);
  return (int8_t)tg_clamp(code, INT8_MIN, INT8_MAX);
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_squared_difference(const struct tg_portable_squared_difference_params *p,
                                              const int8_t *input0, const int8_t *input1,
                                              int8_t *output) {
  TG_EACH_PAIR (p, a, b) {
    *output++ = tg_portable_squared_difference_codes(p, input0[a], input1[b]);
  }
}

#endif /* TG_PORTABLE_SQUARED_DIFFERENCE_H */
