/* Activations of 16 bits, as TensorFlow Lite's recurrent kernels compute them: one table of the
 * sigmoid over [0, 10.7), between whose entries values are interpolated. tinygen/ops/gates.py is
 * the same in numpy. */
#ifndef TG_GATES_H
#define TG_GATES_H

#include <stdint.h>

#include "tg_fixed_point.h"

TG_INLINE int32_t tg_gate_int16(int32_t value) {
  return tg_clamp(value, INT16_MIN, INT16_MAX);
}

/* Between two entries of the table: `bits` fractional bits more than it has. */
TG_INLINE int32_t tg_gate_between(uint32_t size, int32_t bits, const TG_FLASH int16_t *table) {
  const TG_FLASH int16_t *const at = table + (size >> bits);
  const int32_t low = (uint16_t)at[0];
  const int32_t high = (uint16_t)at[1];
  return (int32_t)((uint32_t)low << bits) +
         (int32_t)(size & (((uint32_t)1 << bits) - 1u)) * (high - low);
}

/* The sigmoid of a number with 12 fractional bits: 15 of them. */
TG_INLINE int32_t tg_gate_sigmoid(int32_t value, const TG_FLASH int16_t *table) {
  const int32_t scaled = 3 * value;
  const uint32_t size = (uint32_t)(scaled < 0 ? -scaled : scaled);
  const int32_t result = size >> 9 >= 255u ? 0x7FFF << 10 : tg_gate_between(size, 9, table);
  return (scaled < 0 ? (1 << 25) - result + 511 : result + 512) >> 10;
}

/* The hyperbolic tangent of a third of a number with 12 fractional bits: 15 of them. */
TG_INLINE int32_t tg_gate_tanh(int32_t scaled, const TG_FLASH int16_t *table) {
  const uint32_t size = (uint32_t)(scaled < 0 ? -scaled : scaled);
  const int32_t result = size >> 8 >= 255u ? 0xFFFF << 8 : tg_gate_between(size, 8, table);
  return (scaled < 0 ? (1 << 23) - result + 127 : result - (1 << 23) + 128) >> 8;
}

#endif /* TG_GATES_H */
