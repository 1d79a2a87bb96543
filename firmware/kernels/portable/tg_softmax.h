/* int8 softmax over rows: exponentials from a table, the reciprocal of their sum in fixed point.
 * Qm is an int32 with m integer bits and 31 - m fractional bits. */
#ifndef TG_PORTABLE_SOFTMAX_H
#define TG_PORTABLE_SOFTMAX_H

#include "tg_fixed_point.h"
#include "tg_reciprocal.h"

struct tg_portable_softmax_params {
  int32_t rows;                  /* each with its own softmax */
  int32_t depth;                 /* elements of a row, 1 to 4095 */
  int32_t table_length;          /* 1 to 256 */
  const TG_FLASH int32_t *table; /* entry i: exp of i codes below the maximum in Q0, then zero */
};

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
    const int32_t reciprocal = tg_reciprocal((int32_t)(bits - 0x80000000u));
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
