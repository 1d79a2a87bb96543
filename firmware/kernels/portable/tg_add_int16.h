/* int16 addition and subtraction with broadcasting: each input is rescaled to a common scale with
 * left_shift extra bits, the sum is requantized. */
#ifndef TG_PORTABLE_ADD_INT16_H
#define TG_PORTABLE_ADD_INT16_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_add_int16_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t left_shift;  /* extra bits */
  int32_t multiplier0; /* input 0: code * multiplier0 * 2^(shift0 - 31) */
  int32_t shift0;
  int32_t multiplier1; /* input 1 likewise */
  int32_t shift1;
  int32_t sign1;      /* 1 adds input 1, -1 subtracts it */
  int32_t multiplier; /* the sum */
  int32_t shift;
  int32_t minimum; /* the fused activation's clamp, as codes */
  int32_t maximum;
};

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_add_int16(const struct tg_portable_add_int16_params *p,
                                     const int16_t *input0, const int16_t *input1,
                                     int16_t *output) {
  TG_EACH_PAIR (p, a, b) {
    const int32_t x = tg_left_shift(input0[a], p->left_shift);
    const int32_t y = tg_left_shift(input1[b], p->left_shift);
    const int32_t sum = tg_requantize(x, p->multiplier0, p->shift0) +
                        p->sign1 * tg_requantize(y, p->multiplier1, p->shift1);
    *output++ =
        (int16_t)tg_clamp(tg_requantize(sum, p->multiplier, p->shift), p->minimum, p->maximum);
  }
}

#endif /* TG_PORTABLE_ADD_INT16_H */
