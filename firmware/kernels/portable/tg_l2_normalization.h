/* L2_NORMALIZATION on int8: each row divided by the root of the sum of its squares. */
#ifndef TG_PORTABLE_L2_NORMALIZATION_H
#define TG_PORTABLE_L2_NORMALIZATION_H

#include "tg_inverse_root.h"

struct tg_portable_l2_normalization_params {
  int32_t rows;
  int32_t depth;      /* elements of a row */
  int32_t zero_point; /* of the input */
};

/* May run in place. */
TG_INLINE void tg_portable_l2_normalization(const struct tg_portable_l2_normalization_params *p,
                                            const int8_t *input, int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t value = input[i] - p->zero_point;
      sum += value * value;
    }
    const struct tg_root root = tg_inverse_root(sum);
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t scaled =
          tg_requantize(input[i] - p->zero_point, root.multiplier, root.shift + 7);
      output[i] = (int8_t)tg_clamp(scaled, INT8_MIN, INT8_MAX);
    }
    input += p->depth;
    output += p->depth;
  }
}

#endif /* TG_PORTABLE_L2_NORMALIZATION_H */
