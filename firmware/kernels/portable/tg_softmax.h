/* int8 softmax over rows: exponentials from a table, the reciprocal of their sum in fixed point.
 * Qm is an int32 with m integer bits and 31 - m fractional bits. */
#ifndef TG_PORTABLE_SOFTMAX_H
#define TG_PORTABLE_SOFTMAX_H

#include "tg_fixed_point.h"

struct tg_portable_softmax_params {
  int32_t rows;                  /* each with its own softmax */
  int32_t depth;                 /* elements of a row, 1 to 4095 */
  int32_t table_length;          /* 1 to 256 */
  const TG_FLASH int32_t *table; /* entry i: exp of i codes below the maximum in Q0, then zero */
};

TG_INLINE int32_t tg_portable_softmax_saturating_shift(int32_t value, int32_t shift) {
  const int64_t wide = (int64_t)value * ((int64_t)1 << shift);
  return wide > INT32_MAX ? INT32_MAX : (wide < INT32_MIN ? INT32_MIN : (int32_t)wide);
}

/* 1 / (1 + a) in Q0 for a in [0, 1) in Q0: three Newton steps in Q2 from 48/17 - 32/17 * d, where
 * d is half the denominator. */
TG_INLINE int32_t tg_portable_softmax_reciprocal(int32_t a) {
  const int32_t d = (int32_t)(((int64_t)a + ((int64_t)1 << 31)) >> 1);
  int32_t x = 1515870810 + tg_high_mul(-1010580540, d);
  for (int i = 0; i < 3; ++i) {
    const int32_t error = ((int32_t)1 << 29) - tg_high_mul(x, d);
    x += tg_portable_softmax_saturating_shift(tg_high_mul(x, error), 2);
  }
  return tg_portable_softmax_saturating_shift(x, 1);
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
    int32_t sum = 0; /* Q12; at least 2^19, the share of the maximum itself */
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t below = maximum - in[i];
      if (below < p->table_length) {
        sum += tg_rounding_shift(p->table[below], 12);
      }
    }
    uint32_t bits = (uint32_t)sum; /* sum = (1 + fraction) * 2^(31 - zeros) */
    int32_t zeros = 0;
    while (bits < 0x80000000u) {
      bits <<= 1;
      ++zeros;
    }
    const int32_t reciprocal = tg_portable_softmax_reciprocal((int32_t)(bits - 0x80000000u));
    const int32_t shift = 12 - zeros + 31 - 8;
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t below = maximum - in[i];
      int32_t share = 0;
      if (below < p->table_length && shift <= 31) { /* past a shift of 31 nothing is left */
        share = tg_rounding_shift(tg_high_mul(p->table[below], reciprocal), shift);
      }
      out[i] = (int8_t)tg_clamp(share - 128, -128, 127);
    }
  }
}

#endif /* TG_PORTABLE_SOFTMAX_H */
