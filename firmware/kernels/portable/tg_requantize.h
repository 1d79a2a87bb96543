/* Codes of one quantization to those of another, where one of both is int16 or int32. */
#ifndef TG_PORTABLE_REQUANTIZE_H
#define TG_PORTABLE_REQUANTIZE_H

#include "tg_fixed_point.h"

struct tg_portable_requantize_params {
  int32_t count;       /* elements */
  int32_t input_bytes; /* of an element: 1 is int8, 2 is int16, 4 is int32 */
  int32_t output_bytes;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t multiplier; /* the ratio of the scales */
  int32_t shift;
};

TG_INLINE int32_t tg_portable_requantize_read(int32_t bytes, const void *input, int32_t i) {
  if (bytes == 1) {
    return ((const int8_t *)input)[i];
  }
  return bytes == 2 ? ((const int16_t *)input)[i] : ((const int32_t *)input)[i];
}

/* Beyond int32 it wraps around. */
TG_INLINE void tg_portable_requantize(const struct tg_portable_requantize_params *p,
                                      const void *input, void *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    const uint32_t code = (uint32_t)tg_portable_requantize_read(p->input_bytes, input, i);
    const int32_t centred = (int32_t)(code - (uint32_t)p->input_zero_point);
    const uint32_t scaled = (uint32_t)tg_requantize(centred, p->multiplier, p->shift);
    const int32_t value = (int32_t)(scaled + (uint32_t)p->output_zero_point);
    if (p->output_bytes == 1) {
      ((int8_t *)output)[i] = (int8_t)tg_clamp(value, INT8_MIN, INT8_MAX);
    } else if (p->output_bytes == 2) {
      ((int16_t *)output)[i] = (int16_t)tg_clamp(value, INT16_MIN, INT16_MAX);
    } else {
      ((int32_t *)output)[i] = value;
    }
  }
}

#endif /* TG_PORTABLE_REQUANTIZE_H */
