/* 1 / sqrt(x) of an int32 as a multiplier and a shift, by Newton's method in fixed point, as the
 * specification of RSQRT and L2_NORMALIZATION has it. */
#ifndef TG_INVERSE_ROOT_H
#define TG_INVERSE_ROOT_H

#include "tg_fixed_point.h"

/* 1 / sqrt(x) as multiplier * 2^(shift - 31). */
struct tg_root {
  int32_t multiplier;
  int32_t shift;
};

/* round(a * b / 2^31), as the specification has it for factors of either sign. */
TG_INLINE int32_t tg_root_product(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * (int64_t)b + ((int64_t)1 << 30)) >> 31);
}

/* value * 2^exponent, held inside int32. */
TG_INLINE int32_t tg_root_saturating_shift(int32_t value, int32_t exponent) {
  const int32_t limit = INT32_MAX >> exponent;
  return value > limit ? INT32_MAX
                       : (value < -limit - 1 ? INT32_MIN : tg_left_shift(value, exponent));
}

/* Newton's method in fixed point with 3 integer bits, from 1 on. */
TG_INLINE struct tg_root tg_inverse_root(int32_t x) {
  struct tg_root root = {INT32_MAX, 0};
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
    const int32_t cube =
        tg_root_saturating_shift(tg_root_product(tg_root_product(found, found), found), 6);
    const int32_t difference = tg_root_product(found, ((int32_t)1 << 28) + ((int32_t)1 << 27)) -
                               tg_root_product(half, cube);
    found = tg_root_saturating_shift(difference, 3);
  }
  found = tg_root_product(found, 1518500250); /* sqrt(1/2) */
  root.multiplier = shift < 0 ? tg_left_shift(found, -shift) : found;
  root.shift = shift < 0 ? 0 : -shift;
  return root;
}

#endif /* TG_INVERSE_ROOT_H */
