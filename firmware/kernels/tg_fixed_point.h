/* Integer arithmetic of TensorFlow Lite's int8 specification, with double rounding.
 *
 * After Jacob et al., "Quantization and Training of Neural Networks for Efficient
 * Integer-Arithmetic-Only Inference" (2018), section 2.4. tinygen/ops/fixed_point.py is the same
 * in numpy.
 */
#ifndef TG_FIXED_POINT_H
#define TG_FIXED_POINT_H

#include <stdint.h>

#include "tg_flash.h"

/* Kernels are always inlined: every call then has its shapes and constants at compile time. */
#if defined(__GNUC__)
#define TG_INLINE static inline __attribute__((always_inline, unused))
#else
#define TG_INLINE static inline
#endif

/* A layer stays a function of its own: inlined into one, they would fight for registers. */
#if defined(__GNUC__)
#define TG_LAYER static __attribute__((noinline))
#else
#define TG_LAYER static
#endif

/* Whether the compiler knows a value, in a kernel that is inlined into its layer. */
#if defined(__GNUC__)
#define TG_CONSTANT(value) __builtin_constant_p(value)
#else
#define TG_CONSTANT(value) 1
#endif

/* The compiler forgets where this byte pointer points. Of two pointers into one object, GCC 12 for
 * Thumb-2 computes one from the other, and then drops the stores through it, and with them the
 * whole layer, as if they reached nothing. */
#if defined(__GNUC__)
#define TG_FORGET(pointer) __asm__("" : "+r"(pointer))
#else
#define TG_FORGET(pointer)                \
  do {                                    \
    uint8_t *volatile hidden = (pointer); \
    (pointer) = hidden;                   \
  } while (0)
#endif

/* round(a * b / 2^31), ties toward plus infinity; not of twice INT32_MIN. */
TG_INLINE int32_t tg_high_mul(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * (int64_t)b + ((int64_t)1 << 30)) >> 31);
}

/* value / 2^exponent, rounded half away from zero; 0 <= exponent <= 31. */
TG_INLINE int32_t tg_rounding_shift(int32_t value, int32_t exponent) {
  const uint32_t mask = (uint32_t)(((uint32_t)1 << exponent) - 1u);
  const uint32_t remainder = (uint32_t)value & mask;
  const uint32_t threshold = (mask >> 1) + (value < 0 ? 1u : 0u);
  return (value >> exponent) + (remainder > threshold ? 1 : 0);
}

/* value * 2^shift, keeping the low 32 bits. */
TG_INLINE int32_t tg_left_shift(int32_t value, int32_t shift) {
  return (int32_t)((uint32_t)value << shift);
}

/* value * multiplier * 2^(shift - 31) with both roundings: the requantization step. */
TG_INLINE int32_t tg_requantize(int32_t value, int32_t multiplier, int32_t shift) {
  const int32_t left = shift > 0 ? shift : 0;
  const int32_t right = shift > 0 ? 0 : -shift;
  return tg_rounding_shift(tg_high_mul(tg_left_shift(value, left), multiplier), right);
}

TG_INLINE int32_t tg_clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : (value > high ? high : value);
}

#endif /* TG_FIXED_POINT_H */
