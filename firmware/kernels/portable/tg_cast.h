/* Numbers and booleans as another type. */
#ifndef TG_PORTABLE_CAST_H
#define TG_PORTABLE_CAST_H

#include "tg_fixed_point.h"

enum tg_portable_cast_type {
  TG_PORTABLE_CAST_BOOL, /* bytes of 0 and 1 */
  TG_PORTABLE_CAST_INT8,
  TG_PORTABLE_CAST_INT16,
  TG_PORTABLE_CAST_INT32,
  TG_PORTABLE_CAST_FLOAT32
};

struct tg_portable_cast_params {
  int32_t count; /* elements */
  int32_t from;  /* enum tg_portable_cast_type */
  int32_t to;
};

/* The whole part. What is no number becomes 0, what lies beyond int32 the nearest in it. */
TG_INLINE int32_t tg_portable_cast_whole(float value) {
  if (value >= 2147483648.0f) {
    return INT32_MAX;
  }
  if (value < -2147483648.0f) {
    return INT32_MIN;
  }
  return value == value ? (int32_t)value : 0;
}

TG_INLINE int32_t tg_portable_cast_read(int32_t type, const void *input, int32_t i) {
  switch (type) {
    case TG_PORTABLE_CAST_BOOL:
      return ((const uint8_t *)input)[i];
    case TG_PORTABLE_CAST_INT8:
      return ((const int8_t *)input)[i];
    case TG_PORTABLE_CAST_INT16:
      return ((const int16_t *)input)[i];
    default:
      return ((const int32_t *)input)[i];
  }
}

/* Of an integer, what does not fit is cut off. */
TG_INLINE void tg_portable_cast_write(int32_t type, int32_t value, void *output, int32_t i) {
  switch (type) {
    case TG_PORTABLE_CAST_BOOL:
      ((uint8_t *)output)[i] = value != 0;
      return;
    case TG_PORTABLE_CAST_INT8:
      ((int8_t *)output)[i] = (int8_t)(uint8_t)((uint32_t)value & 0xffu);
      return;
    case TG_PORTABLE_CAST_INT16:
      ((int16_t *)output)[i] = (int16_t)(uint16_t)((uint32_t)value & 0xffffu);
      return;
    case TG_PORTABLE_CAST_INT32:
      ((int32_t *)output)[i] = value;
      return;
    default:
      ((float *)output)[i] = (float)value;
  }
}

TG_INLINE void tg_portable_cast_real(int32_t type, float value, void *output, int32_t i) {
  const int32_t whole = tg_portable_cast_whole(value);
  switch (type) {
    case TG_PORTABLE_CAST_BOOL:
      ((uint8_t *)output)[i] = value != 0.0f;
      return;
    case TG_PORTABLE_CAST_INT8:
      ((int8_t *)output)[i] = (int8_t)tg_clamp(whole, INT8_MIN, INT8_MAX);
      return;
    case TG_PORTABLE_CAST_INT16:
      ((int16_t *)output)[i] = (int16_t)tg_clamp(whole, INT16_MIN, INT16_MAX);
      return;
    case TG_PORTABLE_CAST_INT32:
      ((int32_t *)output)[i] = whole;
      return;
    default:
      ((float *)output)[i] = value;
  }
}

TG_INLINE void tg_portable_cast(const struct tg_portable_cast_params *p, const void *input,
                                void *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    if (p->from == TG_PORTABLE_CAST_FLOAT32) {
      tg_portable_cast_real(p->to, ((const float *)input)[i], output, i);
    } else {
      tg_portable_cast_write(p->to, tg_portable_cast_read(p->from, input, i), output, i);
    }
  }
}

#endif /* TG_PORTABLE_CAST_H */
