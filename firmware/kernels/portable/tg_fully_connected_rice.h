/* FULLY_CONNECTED in portable C, of weights in a Rice code: unit by unit, weight by weight. */
#ifndef TG_PORTABLE_FULLY_CONNECTED_RICE_H
#define TG_PORTABLE_FULLY_CONNECTED_RICE_H

#include <stdint.h>

#include "tg_rice.h"
#include "tg_weighted.h"

struct tg_portable_fully_connected_rice_params {
  int32_t rows;                       /* of the input and of the output */
  int32_t depth;                      /* elements of an input row */
  int32_t units;                      /* elements of an output row */
  int32_t multiplier_step;            /* 1: multiplier and shift per unit; 0: one for all */
  int32_t output_zero_point;          /* the code of real zero */
  int32_t all_right;                  /* 1 where each of `shift` is negative */
  int32_t output_min;                 /* lowest code the activation lets through */
  int32_t output_max;                 /* highest code the activation lets through */
  const TG_FLASH int32_t *weights;    /* a row for each unit: see tg_rice.h */
  const TG_FLASH int32_t *bias;       /* [units], less the input's zero point times the weights */
  const TG_FLASH int32_t *multiplier; /* [units] or [1]; the scale's ratio is */
  const TG_FLASH int8_t *shift;       /* [units] or [1]; multiplier * 2^(shift - 31) */
  const TG_FLASH int8_t *values;      /* of the numbers in the code */
};

TG_INLINE void tg_portable_fully_connected_rice(
    const struct tg_portable_fully_connected_rice_params *p, const int8_t *input, int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    struct tg_rice weights = tg_rice_begin(p->weights);
    for (int32_t unit = 0; unit < p->units; ++unit) {
      const int32_t k = tg_rice_row(&weights);
      const int32_t scale = unit * p->multiplier_step;
      uint32_t sum = (uint32_t)p->bias[unit];
      for (int32_t i = 0; i < p->depth; ++i) {
        sum += (uint32_t)(p->values[tg_rice_number(&weights, k)] * input[i]);
      }
      output[unit] = tg_output(sum, p->multiplier[scale], p->shift[scale], p->all_right,
                               p->output_zero_point, p->output_min, p->output_max);
    }
    input += p->depth;
    output += p->units;
  }
}

#endif /* TG_PORTABLE_FULLY_CONNECTED_RICE_H */
