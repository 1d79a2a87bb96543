/* Three products in two multiplications: SIMD within a register, for cores that multiply 32-bit
 * words and have no vectors.
 *
 * Three numbers a0, a1, a2 lie in two words,
 *
 *   p = a0 + 2^21 a1      q = a2 + 2^10 a1
 *
 * and products with weights are added up word by word, P = S0 + 2^21 S1 and Q = S2 + 2^10 S1 modulo
 * 2^32. From both follow the three sums while S0 and S2 are in [-2^20, 2^20) and S1 in
 * [-2^21, 2^21), whatever wrapped in between: S0 is P's low 21 bits; its high 11 bits are S1's low
 * ones; without those Q is S2 + 2^21 (S1 >> 11).
 */
#ifndef TG_PACKED_H
#define TG_PACKED_H

#include <stdint.h>

#include "tg_fixed_point.h"

/* The loop after it, whose length of at most 8 or 16 is a compile-time constant, becomes straight
 * code. */
#if defined(__GNUC__) && __GNUC__ >= 8 && !defined(__clang__)
#define TG_UNROLL_8 _Pragma("GCC unroll 8")
#define TG_UNROLL_16 _Pragma("GCC unroll 16")
#else
#define TG_UNROLL_8
#define TG_UNROLL_16
#endif

/* What changes both words comes before what follows: GCC would first do all that makes one of them,
 * and keep on the stack what makes the other. */
#if defined(__GNUC__)
#define TG_BOTH(p, q) __asm__("" : "+r"(p), "+r"(q))
#else
#define TG_BOTH(p, q) ((void)0)
#endif

/* Three numbers in two words. */
struct tg_packed {
  uint32_t p;
  uint32_t q;
};

TG_INLINE struct tg_packed tg_pack(int32_t a0, int32_t a1, int32_t a2) {
  const uint32_t middle = (uint32_t)a1;
  const struct tg_packed packed = {(uint32_t)a0 + (middle << 21), (uint32_t)a2 + (middle << 10)};
  return packed;
}

/* The low 21 bits as a signed number. */
TG_INLINE int32_t tg_low_21(uint32_t word) {
  return (int32_t)(word << 11) >> 11;
}

/* Adds the three sums in P and Q to `sums`. */
TG_INLINE void tg_unpack_onto(int32_t sums[3], uint32_t p, uint32_t q) {
  const int32_t s0 = tg_low_21(p);
  const uint32_t s1_low = (p - (uint32_t)s0) >> 21;
  const uint32_t rest = q - (s1_low << 10);
  const int32_t s2 = tg_low_21(rest);
  const uint32_t s1_high = (uint32_t)((int32_t)(rest - (uint32_t)s2) >> 21);
  sums[0] += s0;
  sums[1] += (int32_t)(s1_low + (s1_high << 11));
  sums[2] += s2;
}

#endif /* TG_PACKED_H */
