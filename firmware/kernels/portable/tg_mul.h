/* int8 multiplication with broadcasting: the product of both values, requantized. */
#ifndef TG_PORTABLE_MUL_H
#define TG_PORTABLE_MUL_H

#include "tg_fixed_point.h"

struct tg_portable_mul_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t zero_point0; /* of input 0 */
  int32_t zero_point1; /* of input 1 */
  int32_t multiplier;  /* product * multiplier * 2^(shift - 31) is in steps of the output */
  int32_t shift;
  int32_t zero_point; /* of the output */
  int32_t minimum;    /* the fused activation's clamp, as codes */
  int32_t maximum;
};

TG_INLINE int8_t tg_portable_mul_codes(const struct tg_portable_mul_params *p, int8_t a, int8_t b) {
  const int32_t product = (a - p->zero_point0) * (b - p->zero_point1);
  /* Far too small an output scale wraps, as the specification's int32 does: not undefined here. */
  const uint32_t code = (uint32_t)tg_requantize(product, p->multiplier, p->shift);
  return (int8_t)tg_clamp((int32_t)(code + (uint32_t)p->zero_point), p->minimum, p->maximum);
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_mul(const struct tg_portable_mul_params *p, const int8_t *input0,
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
            *output++ = tg_portable_mul_codes(p, a[i4 * p->strides0[4]], b[i4 * p->strides1[4]]);
          }
        }
      }
    }
  }
}

#endif /* TG_PORTABLE_MUL_H */
