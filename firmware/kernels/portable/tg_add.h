/* int8 addition and subtraction with broadcasting: each input is rescaled to a common scale with
 * left_shift extra bits, the sum is requantized. */
#ifndef TG_PORTABLE_ADD_H
#define TG_PORTABLE_ADD_H

#include "tg_fixed_point.h"

struct tg_portable_add_params {
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
  int32_t sign1;      /* 1 adds input 1, -1 subtracts it */
  int32_t multiplier; /* the sum */
  int32_t shift;
  int32_t zero_point; /* of the output */
  int32_t minimum;    /* the fused activation's clamp, as codes */
  int32_t maximum;
};

TG_INLINE int8_t tg_portable_add_codes(const struct tg_portable_add_params *p, int8_t a, int8_t b) {
  const int32_t wide_a = tg_left_shift(a - p->zero_point0, p->left_shift);
  const int32_t wide_b = tg_left_shift(b - p->zero_point1, p->left_shift);
  const int32_t sum = tg_requantize(wide_a, p->multiplier0, p->shift0) +
                      p->sign1 * tg_requantize(wide_b, p->multiplier1, p->shift1);
  const int32_t code = tg_requantize(sum, p->multiplier, p->shift) + p->zero_point;
  return (int8_t)tg_clamp(code, p->minimum, p->maximum);
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_add(const struct tg_portable_add_params *p, const int8_t *input0,
                               const int8_t *input1, int8_t *output) {
  for (int32_t i0 = 0; i0 < p->dims[0]; ++i0) {
    for (int32_t i1 = 0; i1 < p->dims[1]; ++i1) {
      for (int32_t i2 = 0; i2 < p->dims[2]; ++i2) {
        for (int32_t i3 = 0; i3 < p->dims[3]; ++i3) {
          const int8_t *a = input0 + i0 * p->strides0[0] + i1 * p->strides0[1] +
                            i2 * p->strides0[2] + i3 * p->strides0[3];
          const int8_t *b = input1 + i0 * p->strides1[0] + i1 * p->strides1[1] +
                            i2 * p->strides1[2] + i3 * p->strides1[3];
          for (int32_t i4 = 0; i4 < p->dims[4]; ++i4) {
            *output++ = tg_portable_add_codes(p, a[i4 * p->strides0[4]], b[i4 * p->strides1[4]]);
          }
        }
      }
    }
  }
}

#endif /* TG_PORTABLE_ADD_H */
