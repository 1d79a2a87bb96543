/* 1 / (1 + a) in fixed point. Qm is an int32 with m integer bits and 31 - m fractional bits. */
#ifndef TG_RECIPROCAL_H
#define TG_RECIPROCAL_H

#include "tg_fixed_point.h"

/* value * 2^shift, held inside int32. */
TG_INLINE int32_t tg_saturating_shift(int32_t value, int32_t shift) {
  const int64_t wide = (int64_t)value * ((int64_t)1 << shift);
  return wide > INT32_MAX ? INT32_MAX : (wide < INT32_MIN ? INT32_MIN : (int32_t)wide);
}

/* Leading zeros of 32 bits; 32 of none. */
TG_INLINE int32_t tg_leading_zeros(uint32_t bits) {
  if (bits == 0) {
    return 32;
  }
#if defined(__GNUC__)
  return sizeof(unsigned) == 4 ? __builtin_clz((unsigned)bits) : __builtin_clzl(bits);
#else
  int32_t zeros = 0;
  for (; bits < 0x80000000u; bits <<= 1) {
    ++zeros;
  }
  return zeros;
#endif
}

/* 1 / (1 + a) in Q0 for a in [0, 1) in Q0: three Newton steps in Q2 from 48/17 - 32/17 * d, where
 * d is half the denominator. */
TG_INLINE int32_t tg_reciprocal(int32_t a) {
  const int64_t sum = (int64_t)a + INT32_MAX;
  const int32_t d = (int32_t)((sum + (sum < 0 ? -1 : 1)) / 2);
  int32_t x = 1515870810 + tg_high_mul(-1010580540, d);
  for (int i = 0; i < 3; ++i) {
    const int32_t error = ((int32_t)1 << 29) - tg_high_mul(x, d);
    /* Of a = -1, which stands for a division by zero, the sum wraps. */
    x = (int32_t)((uint32_t)x + (uint32_t)tg_saturating_shift(tg_high_mul(x, error), 2));
  }
  return tg_saturating_shift(x, 1);
}

#endif /* TG_RECIPROCAL_H */
