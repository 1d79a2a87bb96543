/* LOGISTIC of int16: the output is in 2^-15. */
#ifndef TG_PORTABLE_LOGISTIC_INT16_H
#define TG_PORTABLE_LOGISTIC_INT16_H

#include "tg_sigmoid_table.h"

struct tg_portable_logistic_int16_params {
  int32_t count;      /* elements */
  int32_t multiplier; /* (code * multiplier) >> shift is in steps of 1 / 12288 */
  int32_t shift;
  const TG_FLASH int16_t *table; /* [256], unsigned */
};

/* May run in place. */
TG_INLINE void tg_portable_logistic_int16(const struct tg_portable_logistic_int16_params *p,
                                          const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    const int32_t x = tg_sigmoid_scaled(input[i], p->multiplier, p->shift);
    const int32_t y = tg_sigmoid_of(tg_sigmoid_magnitude(x), p->table, 9, (int32_t)0x7fff << 10);
    /* logistic(-x) = 1 - logistic(x) */
    output[i] = (int16_t)((x >= 0 ? y + 512 : ((int32_t)1 << 25) - y + 511) >> 10);
  }
}

#endif /* TG_PORTABLE_LOGISTIC_INT16_H */
