/* What kernels with weights share: the taps of a window that lie inside the image, dot products,
 * and the way from an int32 accumulator to an int8 output.
 *
 * Sums are kept as uint32_t: they may wrap, as the specification's int32 does, without undefined
 * behaviour.
 */
#ifndef TG_WEIGHTED_H
#define TG_WEIGHTED_H

#include <stdint.h>

#include "tg_fixed_point.h"

/* Taps `first` to `last` - 1 of a window lie inside the image. */
struct tg_taps {
  int32_t first;
  int32_t last;
};

/* Whether every window along one dimension lies inside the image: known at compile time. */
TG_INLINE int tg_unpadded(int32_t size, int32_t outputs, int32_t taps, int32_t stride,
                          int32_t dilation, int32_t pad) {
  return pad == 0 && (outputs - 1) * stride + (taps - 1) * dilation < size;
}

/* The taps inside an image of `size` elements, of a window whose first tap is at `origin`: before
 * the image's end, and so that the last tap is not in front of the image. Dilated taps may step
 * over all of it: then `first` equals `last`. */
TG_INLINE struct tg_taps tg_taps_inside(int32_t origin, int32_t size, int32_t taps,
                                        int32_t dilation) {
  struct tg_taps range = {0, taps};
  if (origin < 0) {
    range.first = (dilation - 1 - origin) / dilation;
  }
  if (origin + (taps - 1) * dilation >= size) {
    range.last = (size - origin + dilation - 1) / dilation;
  }
  return range;
}

/* Four accumulators. */
struct tg_sums {
  uint32_t s0;
  uint32_t s1;
  uint32_t s2;
  uint32_t s3;
};

/* The loop after it, whose length of at most 4 is a compile-time constant, becomes straight code.
 */
#if defined(__GNUC__) && __GNUC__ >= 8 && !defined(__clang__)
#define TG_UNROLL_4 _Pragma("GCC unroll 4")
#else
#define TG_UNROLL_4
#endif

/* How many products to take at a time where a dot product's length is a multiple of `unit`: one in
 * a function for layers of several shapes, where that is no constant. */
TG_INLINE int32_t tg_step(int32_t unit) {
  if (!TG_CONSTANT(unit)) {
    return 1;
  }
  return unit % 4 == 0 ? 4 : (unit % 3 == 0 ? 3 : (unit % 2 == 0 ? 2 : 1));
}

/* Adds `count` inputs, less their zero point, times four rows of weights `row` apart.
 * `count` is a multiple of `unit`. */
TG_INLINE void tg_dot4(struct tg_sums *sums, const int8_t *input, int32_t zero_point,
                       const TG_FLASH int8_t *weights, int32_t row, int32_t count, int32_t unit) {
  const int32_t step = tg_step(unit);
  const int8_t *end = input + count;
  struct tg_sums s = *sums;
  while (input != end) {
    TG_UNROLL_4
    for (int32_t i = 0; i < step; ++i) {
      const int32_t x = input[i] - zero_point;
      s.s0 += (uint32_t)(weights[i] * x);
      s.s1 += (uint32_t)(weights[row + i] * x);
      s.s2 += (uint32_t)(weights[2 * row + i] * x);
      s.s3 += (uint32_t)(weights[3 * row + i] * x);
    }
    input += step;
    weights += step;
  }
  *sums = s;
}

/* The same for one row. */
TG_INLINE uint32_t tg_dot1(uint32_t sum, const int8_t *input, int32_t zero_point,
                           const TG_FLASH int8_t *weights, int32_t count, int32_t unit) {
  const int32_t step = tg_step(unit);
  const int8_t *end = input + count;
  while (input != end) {
    TG_UNROLL_4
    for (int32_t i = 0; i < step; ++i) {
      sum += (uint32_t)(weights[i] * (input[i] - zero_point));
    }
    input += step;
    weights += step;
  }
  return sum;
}

/* value * multiplier * 2^(shift - 31) with both roundings, for -31 <= shift <= -1. */
TG_INLINE int32_t tg_requantize_right(int32_t value, int32_t multiplier, int32_t shift) {
  const int32_t product = tg_high_mul(value, multiplier);
  /* Half away from zero: where negative, a half goes down. Neither sum overflows, because the
   * multiplier is below 2^31: -2^31 < product < 2^31 - 1. */
  const int32_t doubled = (product + (product >> 31)) >> (-1 - shift);
  return (doubled + 1) >> 1;
}

/* From the accumulator to the output of one channel; `all_right` says that all of them have
 * negative shifts. */
TG_INLINE int8_t tg_output(uint32_t sum, int32_t multiplier, int32_t shift, int32_t all_right,
                           int32_t zero_point, int32_t low, int32_t high) {
  const int32_t scaled = all_right ? tg_requantize_right((int32_t)sum, multiplier, shift)
                                   : tg_requantize((int32_t)sum, multiplier, shift);
  return (int8_t)tg_clamp((int32_t)((uint32_t)scaled + (uint32_t)zero_point), low, high);
}

#endif /* TG_WEIGHTED_H */
