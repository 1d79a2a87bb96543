/* How a layer with weights is computed, and its codes made of sums.
 *
 * Sums become codes in one of two ways. `once`, for which zero point and bias are in the tweak, is
 * proved to give the specification's code for every sum there can be (requantization.py):
 *
 *   x = sat(sat(sum << n) + tweak), code = sat8((((x * m + 2^31) >> 32) + 2^(S - 1)) >> S)
 *
 * Its last shift is one by 16, which puts both rows into one vector, and one that rounds and
 * saturates. That is VQRSHRNB and not VQSHRNB, for which binutils 2.40 assemble VQRSHRNB. `twice`
 * is the specification, for shifts to the right by at least one: VRSHL rounds a half up, and what
 * is negative is taken down by one before.
 */
#ifndef TG_MVE_LAYER_H
#define TG_MVE_LAYER_H

#include <arm_mve.h>

#include "tg_fixed_point.h"

/* What is the same for all of a layer, compile-time constants. */
struct tg_mve_layer {
  int32_t steps;      /* of 16 inputs */
  int32_t small;      /* 1: steps are a loop */
  int32_t whole;      /* 1: the channels are a multiple of four */
  int32_t twice;      /* 1: two roundings, and the next two mean nothing */
  int32_t left;       /* n, 0 to 31 */
  int32_t right;      /* S - 16, 1 to 8 */
  int32_t zero_point; /* of the output, with two roundings */
  int32_t minimum;    /* codes beyond these two are clamped */
  int32_t maximum;
};

/* They are the assembler's: a statement takes what it needs with `.if`. */
#define TG_MVE_LAYER(layer)                                                        \
  [steps] "i"(layer->steps), [whole] "i"(layer->whole), [twice] "i"(layer->twice), \
      [left_shift] "i"(layer->left), [right_shift] "i"(layer->right),              \
      [zero_point] "i"(layer->zero_point), [minimum] "i"(layer->minimum),          \
      [maximum] "i"(layer->maximum)

/* Of the codes in q0. */
#define TG_MVE_CLAMP                 \
  ".if %c[minimum] > -128\n"         \
  "vmov.i8 q2, #%c[minimum] & 255\n" \
  "vmax.s8 q0, q0, q2\n"             \
  ".endif\n"                         \
  ".if %c[maximum] < 127\n"          \
  "vmov.i8 q2, #%c[maximum] & 255\n" \
  "vmin.s8 q0, q0, q2\n"             \
  ".endif\n"

/* A run of bytes behind which nobody may read, where one may, up to 16 more. */
TG_INLINE const int8_t *tg_mve_layer_copy(const int8_t *run, int8_t *to, int32_t bytes) {
  for (int32_t i = 0; i < bytes; i += 16) {
    vstrbq_s8(to + i, vldrbq_z_s8(run + i, vctp8q((uint32_t)(bytes - i))));
  }
  return to;
}

/* `count` bytes of one value. */
TG_INLINE void tg_mve_layer_fill(int8_t *to, int32_t count, int32_t value) {
  const int8x16_t fill = vdupq_n_s8((int8_t)value);
  for (int32_t left = count; left > 0; left -= 16) {
    vstrbq_p_s8(to, fill, vctp8q((uint32_t)left));
    to += 16;
  }
}

#endif /* TG_MVE_LAYER_H */
