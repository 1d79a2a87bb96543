/* int8 division with broadcasting: the first value by the reciprocal of the second, requantized. */
#ifndef TG_PORTABLE_DIV_H
#define TG_PORTABLE_DIV_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"
#include "tg_reciprocal.h"

struct tg_portable_div_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t zero_point0; /* of input 0 */
  int32_t zero_point1; /* of input 1 */
  int32_t multiplier;  /* quotient * multiplier * 2^(shift - 31) is in steps of the output */
  int32_t shift;       /* enough that nothing but zero is shifted right by more than 31 */
  int32_t zero_point;  /* of the output */
  int32_t minimum;     /* the fused activation's clamp, as codes */
  int32_t maximum;
};

TG_INLINE int8_t tg_portable_div_codes(const struct tg_portable_div_params *p, int8_t a, int8_t b) {
  const int32_t divisor = b - p->zero_point1;
  const int32_t magnitude = divisor < 0 ? -divisor : divisor;
  const int32_t value = divisor < 0 ? p->zero_point0 - a : a - p->zero_point0;
  const int32_t zeros = tg_leading_zeros((uint32_t)magnitude);
  /* The divisor is (1 + fraction) * 2^(31 - zeros); zero, which nobody divides by, has all bits out
   * of it. */
  const uint32_t bits = zeros > 31 ? 0u : (uint32_t)magnitude << zeros;
  const int32_t reciprocal = tg_reciprocal((int32_t)(bits - 0x80000000u));
  /* Bits that are the sign's copies: all but it of zero. */
  const int32_t headroom = tg_leading_zeros((uint32_t)(value < 0 ? ~value : value)) - 1;
  const int32_t quotient = tg_high_mul(tg_left_shift(value, headroom), reciprocal);
  const int32_t right = headroom + 31 - zeros - p->shift;
  const int32_t scaled = tg_high_mul(quotient, p->multiplier);
  /* Only zero is shifted by more than 31, and is one then. */
  const int32_t steps = right > 31 ? 1 : tg_rounding_shift(scaled, right);
  return (int8_t)tg_clamp(steps + p->zero_point, p->minimum, p->maximum);
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_div(const struct tg_portable_div_params *p, const int8_t *input0,
                               const int8_t *input1, int8_t *output) {
  TG_EACH_PAIR (p, a, b) {
    *output++ = tg_portable_div_codes(p, input0[a], input1[b]);
  }
}

#endif /* TG_PORTABLE_DIV_H */
