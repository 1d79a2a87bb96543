/* CUMSUM: sums of all elements so far along a dimension, requantized. */
#ifndef TG_PORTABLE_CUMSUM_H
#define TG_PORTABLE_CUMSUM_H

#include "tg_fixed_point.h"

struct tg_portable_cumsum_params {
  int32_t outer;      /* elements of all dimensions before the one that is summed along */
  int32_t size;       /* of that one */
  int32_t inner;      /* elements of all after it */
  int32_t reverse;    /* 1: from the back */
  int32_t exclusive;  /* 1: without the element itself */
  int32_t zero_point; /* of the input; a sum begins at its negative */
  int32_t left_shift; /* extra bits of the sum, which wraps */
  int32_t multiplier; /* the sum */
  int32_t shift;
  int32_t output_zero_point;
};

TG_INLINE int8_t tg_portable_cumsum_code(const struct tg_portable_cumsum_params *p, int32_t sum) {
  const int32_t scaled = tg_requantize(tg_left_shift(sum, p->left_shift), p->multiplier, p->shift);
  return (int8_t)tg_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
}

/* May run in place. */
TG_INLINE void tg_portable_cumsum(const struct tg_portable_cumsum_params *p, const int8_t *input,
                                  int8_t *output) {
  for (int32_t i = 0; i < p->outer; ++i) {
    for (int32_t k = 0; k < p->inner; ++k) {
      int32_t sum = -p->zero_point;
      for (int32_t j = 0; j < p->size; ++j) {
        const int32_t from_front = p->reverse ? p->size - 1 - j : j;
        const int32_t at = (i * p->size + from_front) * p->inner + k;
        const int32_t value = input[at] - p->zero_point;
        output[at] = tg_portable_cumsum_code(p, p->exclusive ? sum : sum + value);
        sum += value;
      }
    }
  }
}

#endif /* TG_PORTABLE_CUMSUM_H */
