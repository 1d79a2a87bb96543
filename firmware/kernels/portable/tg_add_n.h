/* The sum of two to four int8 tensors of one shape and one quantization, requantized. */
#ifndef TG_PORTABLE_ADD_N_H
#define TG_PORTABLE_ADD_N_H

#include "tg_fixed_point.h"

struct tg_portable_add_n_params {
  int32_t count;      /* elements */
  int32_t inputs;     /* those behind it are not read */
  int32_t zero_point; /* of every input; a sum begins at its negative */
  int32_t left_shift; /* extra bits of the sum */
  int32_t multiplier; /* the sum */
  int32_t shift;
  int32_t output_zero_point;
};

/* May run in place of an input. */
TG_INLINE void tg_portable_add_n(const struct tg_portable_add_n_params *p, const int8_t *input0,
                                 const int8_t *input1, const int8_t *input2, const int8_t *input3,
                                 int8_t *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    int32_t sum = input0[i] + input1[i] - (p->inputs + 1) * p->zero_point;
    sum += p->inputs > 2 ? input2[i] : 0;
    sum += p->inputs > 3 ? input3[i] : 0;
    const int32_t scaled =
        tg_requantize(tg_left_shift(sum, p->left_shift), p->multiplier, p->shift);
    output[i] = (int8_t)tg_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
  }
}

#endif /* TG_PORTABLE_ADD_N_H */
