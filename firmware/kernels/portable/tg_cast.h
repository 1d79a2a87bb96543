/* Whole numbers and booleans as another type. */
#ifndef TG_PORTABLE_CAST_H
#define TG_PORTABLE_CAST_H

#include "tg_fixed_point.h"

enum tg_portable_cast_type {
  TG_PORTABLE_CAST_BOOL, /* bytes of 0 and 1 */
  TG_PORTABLE_CAST_INT8,
  TG_PORTABLE_CAST_INT32,
  TG_PORTABLE_CAST_FLOAT32
};

struct tg_portable_cast_params {
  int32_t count; /* elements */
  int32_t from;  /* enum tg_portable_cast_type, no float */
  int32_t to;    /* no boolean */
};

TG_INLINE int32_t tg_portable_cast_read(int32_t type, const void *input, int32_t i) {
  if (type == TG_PORTABLE_CAST_BOOL) {
    return ((const uint8_t *)input)[i];
  }
  return type == TG_PORTABLE_CAST_INT8 ? ((const int8_t *)input)[i] : ((const int32_t *)input)[i];
}

/* What does not fit is cut off. */
TG_INLINE void tg_portable_cast(const struct tg_portable_cast_params *p, const void *input,
                                void *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    const int32_t value = tg_portable_cast_read(p->from, input, i);
    if (p->to == TG_PORTABLE_CAST_INT8) {
      ((int8_t *)output)[i] = (int8_t)(uint8_t)((uint32_t)value & 0xffu);
    } else if (p->to == TG_PORTABLE_CAST_INT32) {
      ((int32_t *)output)[i] = value;
    } else {
      ((float *)output)[i] = (float)value;
    }
  }
}

#endif /* TG_PORTABLE_CAST_H */
