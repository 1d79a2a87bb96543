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

/* The taps inside an image of `size` elements, of a window whose first tap is at `origin`. */
TG_INLINE struct tg_taps tg_taps_inside(int32_t origin, int32_t size, int32_t taps,
                                        int32_t dilation) {
  struct tg_taps range = {0, taps};
  if (origin < 0) {
    range.first = (dilation - 1 - origin) / dilation;
  }
  if (origin + (taps - 1) * dilation >= size) {
    range.last = (size - origin + dilation - 1) / dilation;
  }
  if (range.last < range.first) {
    range.last = range.first;
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

/* Adds `count` inputs, less their zero point, times four rows of weights `row` apart. */
TG_INLINE void tg_dot4(struct tg_sums *sums, const int8_t *input, int32_t zero_point,
                       const int8_t *weights, int32_t row, int32_t count) {
  const int8_t *end = input + count;
  struct tg_sums s = *sums;
  while (input != end) {
    const int32_t x = *input++ - zero_point;
    s.s0 += (uint32_t)(weights[0] * x);
    s.s1 += (uint32_t)(weights[row] * x);
    s.s2 += (uint32_t)(weights[2 * row] * x);
    s.s3 += (uint32_t)(weights[3 * row] * x);
    ++weights;
  }
  *sums = s;
}

/* The same for one row. */
TG_INLINE uint32_t tg_dot1(uint32_t sum, const int8_t *input, int32_t zero_point,
                           const int8_t *weights, int32_t count) {
  const int8_t *end = input + count;
  while (input != end) {
    sum += (uint32_t)(*weights++ * (*input++ - zero_point));
  }
  return sum;
}

/* From the accumulator to the output of one channel. */
TG_INLINE int8_t tg_output(uint32_t sum, int32_t multiplier, int32_t shift, int32_t zero_point,
                           int32_t low, int32_t high) {
  const int32_t scaled = tg_requantize((int32_t)sum, multiplier, shift);
  return (int8_t)tg_clamp((int32_t)((uint32_t)scaled + (uint32_t)zero_point), low, high);
}

#endif /* TG_WEIGHTED_H */
