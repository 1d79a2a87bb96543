/* Which of two int8 tensors' values is the greater, with broadcasting: bytes of 0 and 1. Codes are
 * rescaled by their own scale with left_shift extra bits, and what comes of them is compared. */
#ifndef TG_PORTABLE_COMPARE_H
#define TG_PORTABLE_COMPARE_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_compare_params {
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
  int32_t less; /* the result where input 0 is less than input 1 */
  int32_t equal;
  int32_t greater;
};

TG_INLINE uint8_t tg_portable_compare_codes(const struct tg_portable_compare_params *p, int8_t a,
                                            int8_t b) {
  const int32_t wide_a = tg_left_shift(a - p->zero_point0, p->left_shift);
  const int32_t wide_b = tg_left_shift(b - p->zero_point1, p->left_shift);
  const int32_t x = tg_requantize(wide_a, p->multiplier0, p->shift0);
  const int32_t y = tg_requantize(wide_b, p->multiplier1, p->shift1);
  return (uint8_t)(x < y ? p->less : (x > y ? p->greater : p->equal));
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_compare(const struct tg_portable_compare_params *p, const int8_t *input0,
                                   const int8_t *input1, uint8_t *output) {
  TG_EACH_PAIR (p, a, b) {
    *output++ = tg_portable_compare_codes(p, input0[a], input1[b]);
  }
}

#endif /* TG_PORTABLE_COMPARE_H */
