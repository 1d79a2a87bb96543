/* int8 softmax over rows: exponentials from a table, the reciprocal of their sum in fixed point. */
#ifndef TG_PORTABLE_SOFTMAX_H
#define TG_PORTABLE_SOFTMAX_H

#include "tg_share.h"

struct tg_portable_softmax_params {
  int32_t rows;                  /* each with its own softmax */
  int32_t depth;                 /* elements of a row, 1 to 4095 */
  int32_t table_length;          /* 1 to 256 */
  const TG_FLASH int32_t *table; /* entry i: exp of i codes below the maximum in Q0, then zero */
};

/* value / 2^exponent, rounded half up, of what is not negative; 1 <= exponent <= 31. */
TG_INLINE int32_t tg_portable_softmax_shift(int32_t value, int32_t exponent) {
  return (int32_t)(((uint32_t)value + ((uint32_t)1 << (exponent - 1))) >> exponent);
}

/* May run in place. */
TG_INLINE void tg_portable_softmax(const struct tg_portable_softmax_params *p, const int8_t *input,
                                   int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    const int8_t *in = input + row * p->depth;
    int8_t *out = output + row * p->depth;
    int32_t maximum = in[0];
    for (int32_t i = 1; i < p->depth; ++i) {
      maximum = in[i] > maximum ? in[i] : maximum;
    }
    int32_t sum = 0; /* Q12 */
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t below = maximum - in[i];
      if (below < p->table_length) {
        sum += tg_portable_softmax_shift(p->table[below], 12);
      }
    }
    const struct tg_share scale = tg_share_of(sum);
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t below = maximum - in[i];
      int32_t share = 0;
      if (below < p->table_length && scale.shift <= 31) {
        const int32_t product = tg_high_mul(p->table[below], scale.reciprocal);
        share = tg_portable_softmax_shift(product, scale.shift);
      }
      out[i] = (int8_t)(share > 255 ? 127 : share - 128);
    }
  }
}

#endif /* TG_PORTABLE_SOFTMAX_H */
