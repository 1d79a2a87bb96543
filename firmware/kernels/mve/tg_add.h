/* ADD and SUB with Helium, eight elements at a time: one affine map of both codes,
 *
 *   code = sat8((a m0 + b m1 + k + 2^(S - 1)) >> S)
 *
 * that was verified to be the specification's code for each pair of codes (elementwise.py).
 *
 *   q0, q1   a, and the sums, of the even and of the odd elements
 *   q2, q3   b
 *   q4       m0
 *   q5, q6   the lowest and the highest code, where they are not int8's
 */
#ifndef TG_MVE_ADD_H
#define TG_MVE_ADD_H

#include <stdint.h>

#include "tg_mve_eight.h"

struct tg_mve_add_params {
  int32_t rows;
  int32_t count; /* elements of a row */
  int32_t step0; /* from row to row of an input: 0 where it has but one */
  int32_t step1;
  int32_t m0;
  int32_t m1;
  int32_t k;
  int32_t right; /* S - 16, 1 to 8 */
  int32_t output_min;
  int32_t output_max;
};

TG_INLINE void tg_mve_add_row(const struct tg_mve_add_params *p, const int8_t *input0,
                              const int8_t *input1, int8_t *output) {
  int32_t left = p->count;
  __asm__ volatile(
      "vdup.32      q4, %[m0]\n"
      "vmov.i8      q5, #%c[minimum] & 255\n"
      "vmov.i8      q6, #%c[maximum] & 255\n"
      "dls          lr, %[rounds]\n"
      "1:\n" TG_MVE_EIGHT_LOADS
      "vmovlt.s16   q1, q0\n"
      "vmovlb.s16   q0, q0\n"
      "vmovlt.s16   q3, q2\n"
      "vmlas.u32    q1, q4, %[k]\n"
      "vmovlb.s16   q2, q2\n"
      "vmlas.u32    q0, q4, %[k]\n"
      "vmla.u32     q1, q3, %[m1]\n"
      "vmla.u32     q0, q2, %[m1]\n"
      "vshrnb.i32   q1, q0, #16\n"
      "vqrshrnb.s16 q1, q1, %[right]\n"
      ".if %c[minimum] > -128\n"
      "vmax.s8      q1, q1, q5\n"
      ".endif\n"
      ".if %c[maximum] < 127\n"
      "vmin.s8      q1, q1, q6\n"
      ".endif\n" TG_MVE_EIGHT_STORE "le           lr, 1b\n"
      : [input0] "+l"(input0), [input1] "+l"(input1), [output] "+l"(output), [left] "+r"(left)
      : [m0] "r"(p->m0), [m1] "r"(p->m1), [k] "r"(p->k), [rounds] "r"((p->count + 7) / 8),
        [count] "i"(p->count), [right] "i"(p->right), [minimum] "i"(p->output_min),
        [maximum] "i"(p->output_max)
      : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "lr", "p0", "cc", "memory");
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_mve_add(const struct tg_mve_add_params *p, const int8_t *input0,
                          const int8_t *input1, int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    tg_mve_add_row(p, input0 + row * p->step0, input1 + row * p->step1, output + row * p->count);
  }
}

#endif /* TG_MVE_ADD_H */
