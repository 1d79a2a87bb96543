/* The sum of two to sixteen int8 tensors of one shape and one quantization, requantized. */
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
                                 const int8_t *input4, const int8_t *input5, const int8_t *input6,
                                 const int8_t *input7, const int8_t *input8, const int8_t *input9,
                                 const int8_t *input10, const int8_t *input11,
                                 const int8_t *input12, const int8_t *input13,
                                 const int8_t *input14, const int8_t *input15, int8_t *output) {
  const int8_t *const more[] = {input2, input3,  input4,  input5,  input6,  input7,  input8,
                                input9, input10, input11, input12, input13, input14, input15};
  for (int32_t i = 0; i < p->count; ++i) {
    int32_t sum = input0[i] + input1[i] - (p->inputs + 1) * p->zero_point;
    for (int32_t j = 0; j < p->inputs - 2; ++j) {
      sum += more[j][i];
    }
    const int32_t scaled =
        tg_requantize(tg_left_shift(sum, p->left_shift), p->multiplier, p->shift);
    output[i] = (int8_t)tg_clamp(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
  }
}

#endif /* TG_PORTABLE_ADD_N_H */
