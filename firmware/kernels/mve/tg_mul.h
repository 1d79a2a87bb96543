/* MUL with Helium, eight elements at a time: products of what is over the zero points, made codes
 * as tg_layer.h has it; rows of one input may meet the same one of the other.
 *
 *   q0, q1   a, and the products, of the even and of the odd elements
 *   q2, q3   b, and what is negative
 *   q4       2^n
 *   q5, q6   the lowest and the highest code, where they are not int8's
 */
#ifndef TG_MVE_MUL_H
#define TG_MVE_MUL_H

#include <stdint.h>

#include "tg_mve_eight.h"

struct tg_mve_mul_params {
  int32_t rows;
  int32_t count; /* elements of a row */
  int32_t step0; /* from row to row of an input: 0 where it has but one */
  int32_t step1;
  int32_t zero_point0;
  int32_t zero_point1;
  int32_t twice;  /* 1: two roundings, of a shift to the right; 0: one */
  int32_t addend; /* once: the tweak */
  int32_t multiplier;
  int32_t factor; /* once: 2^n; twice: the shift, negative */
  int32_t right;  /* once: S - 16, 1 to 8 */
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
};

TG_INLINE void tg_mve_mul_row(const struct tg_mve_mul_params *p, const int8_t *input0,
                              const int8_t *input1, int8_t *output) {
  int32_t left = p->count;
  __asm__ volatile(
      "vdup.32      q4, %[factor]\n"
      "vmov.i8      q5, #%c[minimum] & 255\n"
      "vmov.i8      q6, #%c[maximum] & 255\n"
      "dls          lr, %[rounds]\n"
      "1:\n" TG_MVE_EIGHT_LOADS
      "vsub.i16     q0, q0, %[zero0]\n"
      "vsub.i16     q2, q2, %[zero1]\n"
      "vmullt.s16   q1, q0, q2\n"
      "vmullb.s16   q0, q0, q2\n" TG_MVE_EIGHT_CODES
      ".if %c[minimum] > -128\n"
      "vmax.s8      q1, q1, q5\n"
      ".endif\n"
      ".if %c[maximum] < 127\n"
      "vmin.s8      q1, q1, q6\n"
      ".endif\n" TG_MVE_EIGHT_STORE "le           lr, 1b\n"
      : [input0] "+l"(input0), [input1] "+l"(input1), [output] "+l"(output), [left] "+r"(left)
      : [factor] "r"(p->factor), [multiplier] "r"(p->multiplier),
        [addend] "r"(p->twice ? 0 : p->addend), [zero0] "r"(p->zero_point0),
        [zero1] "r"(p->zero_point1), [zero_point] "r"(p->output_zero_point),
        [rounds] "r"((p->count + 7) / 8), [count] "i"(p->count), [twice] "i"(p->twice),
        [right] "i"(p->right), [minimum] "i"(p->output_min), [maximum] "i"(p->output_max)
      : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "lr", "p0", "cc", "memory");
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_mve_mul(const struct tg_mve_mul_params *p, const int8_t *input0,
                          const int8_t *input1, int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    tg_mve_mul_row(p, input0 + row * p->step0, input1 + row * p->step1, output + row * p->count);
  }
}

#endif /* TG_MVE_MUL_H */
