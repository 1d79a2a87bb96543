/* The logistic function of what is not negative, by a table with interpolation: what LOGISTIC and
 * TANH of int16 share. Index i of the table stands for i / 24, its values are in 2^-16. */
#ifndef TG_SIGMOID_TABLE_H
#define TG_SIGMOID_TABLE_H

#include "tg_fixed_point.h"

enum { TG_SIGMOID_LAST = 255 };

/* A code in steps of the table's input, 2^-`bits` of a step of the table. */
TG_INLINE int32_t tg_sigmoid_scaled(int32_t code, int32_t multiplier, int32_t shift) {
  const uint32_t product = (uint32_t)code * (uint32_t)multiplier;
  const uint32_t rounding = shift > 0 ? (uint32_t)1 << (shift - 1) : 0;
  return (int32_t)(product + rounding) >> shift;
}

/* The function in 2^-(16 + bits); from the table's last step on, `past`. */
TG_INLINE int32_t tg_sigmoid_of(uint32_t magnitude, const TG_FLASH int16_t *table, int32_t bits,
                                int32_t past) {
  const uint32_t index = magnitude >> bits;
  if (index >= TG_SIGMOID_LAST) {
    return past;
  }
  const int32_t low = (uint16_t)table[index];
  const int32_t high = (uint16_t)table[index + 1];
  const int32_t part = (int32_t)(magnitude & (((uint32_t)1 << bits) - 1u));
  return (low << bits) + part * (high - low);
}

TG_INLINE uint32_t tg_sigmoid_magnitude(int32_t value) {
  return value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
}

#endif /* TG_SIGMOID_TABLE_H */
