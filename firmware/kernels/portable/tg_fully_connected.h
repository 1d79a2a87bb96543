/* FULLY_CONNECTED in portable C: four units at a time. */
#ifndef TG_PORTABLE_FULLY_CONNECTED_H
#define TG_PORTABLE_FULLY_CONNECTED_H

#include <stdint.h>

#include "tg_weighted.h"

struct tg_portable_fully_connected_params {
  int32_t rows;                       /* of the input and of the output */
  int32_t depth;                      /* elements of an input row */
  int32_t units;                      /* elements of an output row */
  int32_t last_units;                 /* those beyond whole fours of them */
  int32_t multiplier_step;            /* 1: multiplier and shift per unit; 0: one for all */
  int32_t input_zero_point;           /* the code of real zero */
  int32_t output_zero_point;          /* the code of real zero */
  int32_t all_right;                  /* 1 where each of `shift` is negative */
  int32_t output_min;                 /* lowest code the activation lets through */
  int32_t output_max;                 /* highest code the activation lets through */
  const TG_FLASH int8_t *weights;     /* [units][depth] */
  const TG_FLASH int32_t *bias;       /* [units] */
  const TG_FLASH int32_t *multiplier; /* [units] or [1]; the scale's ratio is */
  const TG_FLASH int8_t *shift;       /* [units] or [1]; multiplier * 2^(shift - 31) */
};

TG_INLINE int8_t tg_portable_fully_connected_output(
    const struct tg_portable_fully_connected_params *p, uint32_t sum, int32_t unit) {
  return tg_output(sum, p->multiplier[unit * p->multiplier_step],
                   p->shift[unit * p->multiplier_step], p->all_right, p->output_zero_point,
                   p->output_min, p->output_max);
}

TG_INLINE void tg_portable_fully_connected(const struct tg_portable_fully_connected_params *p,
                                           const int8_t *input, int8_t *output) {
  const int32_t blocks_end = p->units - p->last_units;
  for (int32_t row = 0; row < p->rows; ++row) {
    const TG_FLASH int8_t *weights = p->weights;
    for (int32_t unit = 0; unit < blocks_end; unit += 4) {
      const TG_FLASH int32_t *bias = p->bias + unit;
      struct tg_sums sums = {(uint32_t)bias[0], (uint32_t)bias[1], (uint32_t)bias[2],
                             (uint32_t)bias[3]};
      tg_dot4(&sums, input, p->input_zero_point, weights, p->depth, p->depth, p->depth);
      output[unit] = tg_portable_fully_connected_output(p, sums.s0, unit);
      output[unit + 1] = tg_portable_fully_connected_output(p, sums.s1, unit + 1);
      output[unit + 2] = tg_portable_fully_connected_output(p, sums.s2, unit + 2);
      output[unit + 3] = tg_portable_fully_connected_output(p, sums.s3, unit + 3);
      weights += 4 * p->depth;
    }
    for (int32_t last = 0; last < p->last_units; ++last) {
      const int32_t unit = blocks_end + last;
      const uint32_t sum =
          tg_dot1((uint32_t)p->bias[unit], input, p->input_zero_point, weights, p->depth, p->depth);
      output[unit] = tg_portable_fully_connected_output(p, sum, unit);
      weights += p->depth;
    }
    input += p->depth;
    output += p->units;
  }
}

#endif /* TG_PORTABLE_FULLY_CONNECTED_H */
