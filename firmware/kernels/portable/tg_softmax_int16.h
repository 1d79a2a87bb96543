/* SOFTMAX of int16 over the last axis, by two tables with interpolation. */
#ifndef TG_PORTABLE_SOFTMAX_INT16_H
#define TG_PORTABLE_SOFTMAX_INT16_H

#include "tg_reciprocal.h"

struct tg_portable_softmax_int16_params {
  int32_t rows;
  int32_t depth;      /* elements of a row */
  int32_t multiplier; /* a difference of codes * multiplier * 2^(shift - 31): of 65,535, -10 */
  int32_t shift;
  const TG_FLASH int16_t *exponential; /* [513]: of -10 to 0, in 2^-15 */
  const TG_FLASH int16_t *reciprocal;  /* [513]: 1 / (1 + x) of 0 to 1, in 2^-15 */
};

/* The function at a number of 16 bits: nine of them pick, seven interpolate. */
TG_INLINE int32_t tg_portable_softmax_int16_found(int32_t place, const TG_FLASH int16_t *table) {
  const int32_t index = 256 + (place >> 7);
  const int32_t slope = (int32_t)table[index + 1] - table[index];
  return table[index] + ((slope * (place & 0x7f) + 64) >> 7);
}

/* Exponentials wait in the output for their sum. May run in place. */
TG_INLINE void tg_portable_softmax_int16_row(const struct tg_portable_softmax_int16_params *p,
                                             const int16_t *input, int16_t *output) {
  int32_t largest = INT16_MIN;
  for (int32_t i = 0; i < p->depth; ++i) {
    largest = input[i] > largest ? input[i] : largest;
  }
  int32_t sum = 0; /* at least the share of the largest, almost 2^15 */
  for (int32_t i = 0; i < p->depth; ++i) {
    const int32_t below = tg_requantize((int32_t)input[i] - largest, p->multiplier, p->shift);
    const int32_t exponential = tg_portable_softmax_int16_found(
        tg_clamp(below + INT16_MAX, INT16_MIN, INT16_MAX), p->exponential);
    output[i] = (int16_t)exponential;
    sum += exponential;
  }
  const int32_t zeros = tg_leading_zeros((uint32_t)sum);
  const int32_t whole = (int32_t)((((uint32_t)sum << (zeros - 1)) + ((uint32_t)1 << 13)) >> 14);
  const int32_t fraction = whole - ((int32_t)3 << 15); /* of 1 to 2, about the middle */
  const int32_t reciprocal =
      tg_portable_softmax_int16_found(tg_clamp(fraction, INT16_MIN, INT16_MAX), p->reciprocal);
  const int32_t shift = 31 - zeros;
  for (int32_t i = 0; i < p->depth; ++i) {
    const int32_t share = ((int32_t)output[i] * reciprocal + ((int32_t)1 << (shift - 1))) >> shift;
    output[i] = (int16_t)tg_clamp(share, 0, INT16_MAX);
  }
}

TG_INLINE void tg_portable_softmax_int16(const struct tg_portable_softmax_int16_params *p,
                                         const int16_t *input, int16_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    tg_portable_softmax_int16_row(p, input, output);
    input += p->depth;
    output += p->depth;
  }
}

#endif /* TG_PORTABLE_SOFTMAX_INT16_H */
