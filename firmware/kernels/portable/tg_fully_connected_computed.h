/* FULLY_CONNECTED with weights that are computed themselves, as an attention's are. */
#ifndef TG_PORTABLE_FULLY_CONNECTED_COMPUTED_H
#define TG_PORTABLE_FULLY_CONNECTED_COMPUTED_H

#include <stdint.h>

#include "tg_weighted.h"

struct tg_portable_fully_connected_computed_params {
  int32_t rows;
  int32_t depth;
  int32_t units;
  int32_t input_zero_point;
  int32_t weights_zero_point;
  int32_t multiplier; /* the scale's ratio, as multiplier * 2^(shift - 31) */
  int32_t shift;      /* left if positive */
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int32_t *bias; /* [units] */
};

TG_INLINE void tg_portable_fully_connected_computed(
    const struct tg_portable_fully_connected_computed_params *p, const int8_t *input,
    const int8_t *weights, int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    for (int32_t unit = 0; unit < p->units; ++unit) {
      const int8_t *x = input + row * p->depth;
      const int8_t *y = weights + unit * p->depth;
      uint32_t sum = (uint32_t)p->bias[unit];
      for (int32_t k = 0; k < p->depth; ++k) {
        sum += (uint32_t)((x[k] - p->input_zero_point) * (y[k] - p->weights_zero_point));
      }
      *output++ = tg_output(sum, p->multiplier, p->shift, p->shift < 0, p->output_zero_point,
                            p->output_min, p->output_max);
    }
  }
}

#endif /* TG_PORTABLE_FULLY_CONNECTED_COMPUTED_H */
