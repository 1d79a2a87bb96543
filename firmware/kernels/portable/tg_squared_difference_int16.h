/* Squared difference of int16 with broadcasting: both inputs are rescaled to a common scale, the
 * square of the difference is requantized. */
#ifndef TG_PORTABLE_SQUARED_DIFFERENCE_INT16_H
#define TG_PORTABLE_SQUARED_DIFFERENCE_INT16_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_squared_difference_int16_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t left_shift;  /* extra bits */
  int32_t multiplier0; /* input 0: code * multiplier0 * 2^(shift0 - 31) */
  int32_t shift0;
  int32_t multiplier1; /* input 1 likewise */
  int32_t shift1;
  int32_t multiplier; /* the square */
  int32_t shift;
};

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_squared_difference_int16(
    const struct tg_portable_squared_difference_int16_params *p, const int16_t *input0,
    const int16_t *input1, int16_t *output) {
  TG_EACH_PAIR (p, a, b) {
    const int32_t x = tg_left_shift(input0[a], p->left_shift);
    const int32_t y = tg_left_shift(input1[b], p->left_shift);
    const int32_t difference =
        tg_requantize(x, p->multiplier0, p->shift0) - tg_requantize(y, p->multiplier1, p->shift1);
    const int32_t code = tg_requantize(difference * difference, p->multiplier, p->shift);
    *output++ = (int16_t)tg_clamp(code, INT16_MIN, INT16_MAX);
  }
}

#endif /* TG_PORTABLE_SQUARED_DIFFERENCE_INT16_H */
