/* L2_NORMALIZATION on int8: each row divided by the root of the sum of its squares. */
#ifndef TG_PORTABLE_L2_NORMALIZATION_H
#define TG_PORTABLE_L2_NORMALIZATION_H

#include "tg_fixed_point.h"

struct tg_portable_l2_normalization_params {
  int32_t rows;
  int32_t depth;      /* elements of a row */
  int32_t zero_point; /* of the input */
};

/* 1 / sqrt(x) as multiplier * 2^(shift - 31). */
struct tg_portable_l2_normalization_root {
  int32_t multiplier;
  int32_t shift;
};

/* round(a * b / 2^31), as the specification has it for factors of either sign. */
TG_INLINE int32_t tg_portable_l2_normalization_product(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * (int64_t)b + ((int64_t)1 << 30)) >> 31);
}

/* value * 2^exponent, held inside int32. */
TG_INLINE int32_t tg_portable_l2_normalization_saturating_shift(int32_t value, int32_t exponent) {
  const int32_t limit = INT32_MAX >> exponent;
  return value > limit ? INT32_MAX
                       : (value < -limit - 1 ? INT32_MIN : tg_left_shift(value, exponent));
}

/* Newton's method in fixed point with 3 integer bits, from 1 on. */
TG_INLINE struct tg_portable_l2_normalization_root tg_portable_l2_normalization_inverse_root(
    int32_t x) {
  struct tg_portable_l2_normalization_root root = {INT32_MAX, 0};
  if (x <= 1) {
    return root;
  }
  int32_t shift = 11;
  while (x >= (int32_t)1 << 29) {
    x /= 4;
    ++shift;
  }
  while (x < (int32_t)1 << 27) {
    x *= 4;
    --shift;
  }
  const int32_t half = tg_rounding_shift(x >> 1, 1);
  int32_t found = (int32_t)1 << 28;
  for (int32_t step = 0; step < 5; ++step) {
    const int32_t cube = tg_portable_l2_normalization_saturating_shift(
        tg_portable_l2_normalization_product(tg_portable_l2_normalization_product(found, found),
                                             found),
        6);
    const int32_t difference =
        tg_portable_l2_normalization_product(found, ((int32_t)1 << 28) + ((int32_t)1 << 27)) -
        tg_portable_l2_normalization_product(half, cube);
    found = tg_portable_l2_normalization_saturating_shift(difference, 3);
  }
  found = tg_portable_l2_normalization_product(found, 1518500250); /* sqrt(1/2) */
  root.multiplier = shift < 0 ? tg_left_shift(found, -shift) : found;
  root.shift = shift < 0 ? 0 : -shift;
  return root;
}

/* May run in place. */
TG_INLINE void tg_portable_l2_normalization(const struct tg_portable_l2_normalization_params *p,
                                            const int8_t *input, int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t value = input[i] - p->zero_point;
      sum += value * value;
    }
    const struct tg_portable_l2_normalization_root root =
        tg_portable_l2_normalization_inverse_root(sum);
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t scaled =
          tg_requantize(input[i] - p->zero_point, root.multiplier, root.shift + 7);
      output[i] = (int8_t)tg_clamp(scaled, INT8_MIN, INT8_MAX);
    }
    input += p->depth;
    output += p->depth;
  }
}

#endif /* TG_PORTABLE_L2_NORMALIZATION_H */
