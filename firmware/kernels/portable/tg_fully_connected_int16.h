/* FULLY_CONNECTED of int16 activations in portable C: four units at a time. */
#ifndef TG_PORTABLE_FULLY_CONNECTED_INT16_H
#define TG_PORTABLE_FULLY_CONNECTED_INT16_H

#include "tg_int16.h"

struct tg_portable_fully_connected_int16_params {
  int32_t rows;                       /* of the input and of the output */
  int32_t depth;                      /* elements of an input row */
  int32_t units;                      /* elements of an output row */
  int32_t last_units;                 /* those beyond whole fours of them */
  int32_t multiplier_step;            /* 1: multiplier and shift per unit; 0: one for all */
  int32_t wide;                       /* 1 where a sum may need more than 32 bits */
  int32_t once;                       /* 1 where the result is rounded once */
  int32_t output_min;                 /* lowest code the activation lets through */
  int32_t output_max;                 /* highest code the activation lets through */
  const TG_FLASH int8_t *weights;     /* [units][depth] */
  const TG_FLASH int64_t *bias;       /* [units] */
  const TG_FLASH int32_t *multiplier; /* [units] or [1] */
  const TG_FLASH int8_t *shift;       /* [units] or [1]: see tg_output_int16 */
};

TG_INLINE int16_t tg_portable_fully_connected_int16_output(
    const struct tg_portable_fully_connected_int16_params *p, int64_t sum, int32_t unit) {
  return tg_output_int16(sum, p->multiplier[unit * p->multiplier_step],
                         p->shift[unit * p->multiplier_step], p->once, p->output_min,
                         p->output_max);
}

TG_INLINE void tg_portable_fully_connected_int16(
    const struct tg_portable_fully_connected_int16_params *p, const int16_t *input,
    int16_t *output) {
  const int32_t blocks_end = p->units - p->last_units;
  for (int32_t row = 0; row < p->rows; ++row) {
    const TG_FLASH int8_t *weights = p->weights;
    for (int32_t unit = 0; unit < blocks_end; unit += 4) {
      const TG_FLASH int64_t *bias = p->bias + unit;
      struct tg_sums_int16 sums = {bias[0], bias[1], bias[2], bias[3]};
      tg_dot4_int16(&sums, input, weights, p->depth, p->depth, p->depth, p->wide);
      output[unit] = tg_portable_fully_connected_int16_output(p, sums.s0, unit);
      output[unit + 1] = tg_portable_fully_connected_int16_output(p, sums.s1, unit + 1);
      output[unit + 2] = tg_portable_fully_connected_int16_output(p, sums.s2, unit + 2);
      output[unit + 3] = tg_portable_fully_connected_int16_output(p, sums.s3, unit + 3);
      weights += 4 * p->depth;
    }
    for (int32_t last = 0; last < p->last_units; ++last) {
      const int32_t unit = blocks_end + last;
      const int64_t sum = tg_dot1_int16(p->bias[unit], input, weights, p->depth, p->depth, p->wide);
      output[unit] = tg_portable_fully_connected_int16_output(p, sum, unit);
      weights += p->depth;
    }
    input += p->depth;
    output += p->units;
  }
}

#endif /* TG_PORTABLE_FULLY_CONNECTED_INT16_H */
