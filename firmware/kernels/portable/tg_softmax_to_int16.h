/* Softmax of int8 over rows, its shares in int16: those of tg_softmax.h with eight bits more. */
#ifndef TG_PORTABLE_SOFTMAX_TO_INT16_H
#define TG_PORTABLE_SOFTMAX_TO_INT16_H

#include "tg_softmax.h"

struct tg_portable_softmax_to_int16_params {
  int32_t rows;                  /* each with its own softmax */
  int32_t depth;                 /* elements of a row, 1 to 4095 */
  int32_t table_length;          /* 1 to 256 */
  const TG_FLASH int32_t *table; /* entry i: exp of i codes below the maximum in Q0, then zero */
};

TG_INLINE void tg_portable_softmax_to_int16(const struct tg_portable_softmax_to_int16_params *p,
                                            const int8_t *input, int16_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    const int8_t *in = input + row * p->depth;
    int16_t *out = output + row * p->depth;
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
      if (below < p->table_length) {
        const int32_t product = tg_high_mul(p->table[below], scale.reciprocal);
        share = tg_portable_softmax_shift(product, scale.shift - 8);
      }
      out[i] = (int16_t)(share > 65535 ? 32767 : share - 32768);
    }
  }
}

#endif /* TG_PORTABLE_SOFTMAX_TO_INT16_H */
