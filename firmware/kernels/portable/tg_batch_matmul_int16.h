/* BATCH_MATMUL on int16: matrices of activations multiplied, summed in 64 bits, rounded once. */
#ifndef TG_PORTABLE_BATCH_MATMUL_INT16_H
#define TG_PORTABLE_BATCH_MATMUL_INT16_H

#include "tg_int16.h"

struct tg_portable_batch_matmul_int16_params {
  int32_t dims[3];     /* loop counts over the matrices, outermost first */
  int32_t strides0[3]; /* elements of input 0 from one to the next; 0 repeats the matrix */
  int32_t strides1[3]; /* the same for input 1 */
  int32_t rows;
  int32_t depth;
  int32_t columns;
  int32_t row_step;    /* elements of input 0 from one row to the next */
  int32_t depth_step0; /* and along a row */
  int32_t column_step; /* elements of input 1 from one column to the next */
  int32_t depth_step1; /* and along a column */
  int32_t multiplier;  /* the scale's ratio, as multiplier * 2^-shift: see tg_output_int16 */
  int32_t shift;
};

TG_INLINE int16_t *tg_portable_batch_matmul_int16_one(
    const struct tg_portable_batch_matmul_int16_params *p, const int16_t *a, const int16_t *b,
    int16_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    for (int32_t column = 0; column < p->columns; ++column) {
      const int16_t *x = a + row * p->row_step;
      const int16_t *y = b + column * p->column_step;
      int64_t sum = 0;
      for (int32_t k = 0; k < p->depth; ++k) {
        sum += (int32_t)*x * *y;
        x += p->depth_step0;
        y += p->depth_step1;
      }
      *output++ = tg_output_int16(sum, p->multiplier, p->shift, 1, INT16_MIN, INT16_MAX);
    }
  }
  return output;
}

TG_INLINE void tg_portable_batch_matmul_int16(const struct tg_portable_batch_matmul_int16_params *p,
                                              const int16_t *input0, const int16_t *input1,
                                              int16_t *output) {
  for (int32_t i = 0; i < p->dims[0]; ++i) {
    for (int32_t j = 0; j < p->dims[1]; ++j) {
      for (int32_t k = 0; k < p->dims[2]; ++k) {
        output = tg_portable_batch_matmul_int16_one(
            p, input0 + i * p->strides0[0] + j * p->strides0[1] + k * p->strides0[2],
            input1 + i * p->strides1[0] + j * p->strides1[1] + k * p->strides1[2], output);
      }
    }
  }
}

#endif /* TG_PORTABLE_BATCH_MATMUL_INT16_H */
