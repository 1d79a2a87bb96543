/* What kernels of int8 softmax share: how exponentials become shares of their sum.
 * Qm is an int32 with m integer bits and 31 - m fractional bits. */
#ifndef TG_SHARE_H
#define TG_SHARE_H

#include "tg_reciprocal.h"

/* A share of 2^-8 is an exponential in Q0 times the reciprocal, shifted to the right. */
struct tg_share {
  int32_t reciprocal; /* not negative */
  int32_t shift;      /* 23 to 35; past 31 nothing is left */
};

/* Of the sum of a row in Q12: at least 2^19, the share of the maximum itself. */
TG_INLINE struct tg_share tg_share_of(int32_t sum) {
  /* sum = (1 + fraction) * 2^(31 - zeros) */
  const int32_t zeros = tg_leading_zeros((uint32_t)sum);
  const uint32_t fraction = ((uint32_t)sum << zeros) - 0x80000000u;
  const struct tg_share scale = {tg_reciprocal((int32_t)fraction), 12 - zeros + 31 - 8};
  return scale;
}

#endif /* TG_SHARE_H */
