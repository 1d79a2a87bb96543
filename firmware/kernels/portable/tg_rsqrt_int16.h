/* RSQRT on int16: one by the square root of each code. */
#ifndef TG_PORTABLE_RSQRT_INT16_H
#define TG_PORTABLE_RSQRT_INT16_H

#include "tg_inverse_root.h"

struct tg_portable_rsqrt_int16_params {
  int32_t count;      /* elements */
  int32_t multiplier; /* from a root in 2^-20 to codes: multiplier * 2^(shift - 31) */
  int32_t shift;
};

/* May run in place. Of what is not positive it is the greatest code. */
TG_INLINE void tg_portable_rsqrt_int16(const struct tg_portable_rsqrt_int16_params *p,
                                       const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    int32_t code = INT16_MAX;
    if (input[i] > 0) {
      const struct tg_root root = tg_inverse_root(input[i]);
      const int32_t fraction = tg_requantize(1, root.multiplier, root.shift + 20);
      code = tg_clamp(tg_requantize(fraction, p->multiplier, p->shift), INT16_MIN, INT16_MAX);
    }
    output[i] = (int16_t)code;
  }
}

#endif /* TG_PORTABLE_RSQRT_INT16_H */
