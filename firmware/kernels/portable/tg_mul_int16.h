/* int16 multiplication with broadcasting: the product of both values, requantized. */
#ifndef TG_PORTABLE_MUL_INT16_H
#define TG_PORTABLE_MUL_INT16_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_mul_int16_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t multiplier;  /* product * multiplier * 2^(shift - 31) is in steps of the output */
  int32_t shift;
  int32_t minimum; /* the fused activation's clamp, as codes */
  int32_t maximum;
};

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_mul_int16(const struct tg_portable_mul_int16_params *p,
                                     const int16_t *input0, const int16_t *input1,
                                     int16_t *output) {
  TG_EACH_PAIR (p, a, b) {
    const int32_t product = (int32_t)input0[a] * input1[b];
    *output++ =
        (int16_t)tg_clamp(tg_requantize(product, p->multiplier, p->shift), p->minimum, p->maximum);
  }
}

#endif /* TG_PORTABLE_MUL_INT16_H */
