/* float32 without a C library, rounded as IEEE 754 says wherever it runs. No kernel of these adds
 * to a product: a compiler may make one rounding of the two, where a processor can. */
#ifndef TG_REAL_H
#define TG_REAL_H

#include <string.h>

#include "tg_fixed_point.h"

TG_INLINE uint32_t tg_real_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

TG_INLINE float tg_real_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The greatest whole number that is not above; what is large is whole. */
TG_INLINE float tg_real_floor(float value) {
  if (!(value < 8388608.0f && value > -8388608.0f)) {
    return value;
  }
  const float whole = (float)(int32_t)value;
  const float floored = whole > value ? whole - 1.0f : whole;
  return floored == 0.0f ? tg_real_of_bits(tg_real_bits(value) & 0x80000000u) : floored;
}

/* The nearest whole number, of two the even one. */
TG_INLINE float tg_real_round(float value) {
  const float low = tg_real_floor(value);
  const float rest = value - low;
  const float nearest = rest < 0.5f ? low : low + 1.0f;
  if (rest == 0.5f && (int32_t)low % 2 == 0) {
    return low;
  }
  return nearest;
}

/* The square root, digit by digit, rounded to the nearest; of what is negative no number. */
TG_INLINE float tg_real_root(float value) {
  uint32_t bits = tg_real_bits(value);
  if ((bits & 0x7fffffffu) == 0 || bits == 0x7f800000u || value != value) {
    return value;
  }
  if (bits >> 31) {
    return tg_real_of_bits(0x7fc00000u);
  }
  int32_t exponent = (int32_t)(bits >> 23);
  uint32_t digits = bits & 0x007fffffu;
  if (exponent == 0) { /* below the smallest normal number */
    exponent = 1;
    while (digits < 0x00800000u) {
      digits <<= 1;
      --exponent;
    }
  } else {
    digits |= 0x00800000u;
  }
  exponent -= 127;
  digits <<= exponent & 1;
  exponent = (exponent - (exponent & 1)) / 2;
  /* root^2 <= digits * 2^25, bit by bit from the 2^24 of the result's first one on. */
  uint32_t root = 0;
  uint32_t sum = 0;
  digits <<= 1;
  for (uint32_t bit = 0x01000000u; bit != 0; bit >>= 1) {
    const uint32_t tried = sum + bit;
    if (tried <= digits) {
      sum = tried + bit;
      digits -= tried;
      root += bit;
    }
    digits <<= 1;
  }
  root += digits != 0 ? root & 1u : 0u; /* it never lies in the middle of two */
  return tg_real_of_bits((root >> 1) + ((uint32_t)(exponent + 126) << 23));
}

#endif /* TG_REAL_H */
