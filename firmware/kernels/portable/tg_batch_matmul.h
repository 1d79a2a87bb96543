/* BATCH_MATMUL: matrices of activations multiplied, requantized. */
#ifndef TG_PORTABLE_BATCH_MATMUL_H
#define TG_PORTABLE_BATCH_MATMUL_H

#include <stdint.h>

#include "tg_weighted.h"

struct tg_portable_batch_matmul_params {
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
  int32_t zero_point0; /* of input 0 */
  int32_t zero_point1; /* of input 1 */
  int32_t multiplier;  /* the scale's ratio, as multiplier * 2^(shift - 31) */
  int32_t shift;       /* left if positive */
  int32_t zero_point;  /* of the output */
};

TG_INLINE int8_t *tg_portable_batch_matmul_one(const struct tg_portable_batch_matmul_params *p,
                                               const int8_t *a, const int8_t *b, int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    for (int32_t column = 0; column < p->columns; ++column) {
      const int8_t *x = a + row * p->row_step;
      const int8_t *y = b + column * p->column_step;
      uint32_t sum = 0;
      for (int32_t k = 0; k < p->depth; ++k) {
        sum += (uint32_t)((*x - p->zero_point0) * (*y - p->zero_point1));
        x += p->depth_step0;
        y += p->depth_step1;
      }
      *output++ =
          tg_output(sum, p->multiplier, p->shift, p->shift < 0, p->zero_point, INT8_MIN, INT8_MAX);
    }
  }
  return output;
}

TG_INLINE void tg_portable_batch_matmul(const struct tg_portable_batch_matmul_params *p,
                                        const int8_t *input0, const int8_t *input1,
                                        int8_t *output) {
  for (int32_t i = 0; i < p->dims[0]; ++i) {
    for (int32_t j = 0; j < p->dims[1]; ++j) {
      for (int32_t k = 0; k < p->dims[2]; ++k) {
        output = tg_portable_batch_matmul_one(
            p, input0 + i * p->strides0[0] + j * p->strides0[1] + k * p->strides0[2],
            input1 + i * p->strides1[0] + j * p->strides1[1] + k * p->strides1[2], output);
      }
    }
  }
}

#endif /* TG_PORTABLE_BATCH_MATMUL_H */
