/* Codes to float32: scale * (code - zero point), with one rounding. */
#ifndef TG_PORTABLE_DEQUANTIZE_H
#define TG_PORTABLE_DEQUANTIZE_H

#include "tg_fixed_point.h"

enum tg_portable_dequantize_type {
  TG_PORTABLE_DEQUANTIZE_INT8,
  TG_PORTABLE_DEQUANTIZE_UINT8,
  TG_PORTABLE_DEQUANTIZE_INT16
};

struct tg_portable_dequantize_params {
  int32_t count;      /* elements */
  float scale;        /* of the input */
  int32_t zero_point; /* of the input */
  int32_t type;       /* enum tg_portable_dequantize_type */
};

TG_INLINE int32_t tg_portable_dequantize_code(int32_t type, const void *input, int32_t i) {
  switch (type) {
    case TG_PORTABLE_DEQUANTIZE_INT8:
      return ((const int8_t *)input)[i];
    case TG_PORTABLE_DEQUANTIZE_UINT8:
      return ((const uint8_t *)input)[i];
    default:
      return ((const int16_t *)input)[i];
  }
}

TG_INLINE void tg_portable_dequantize(const struct tg_portable_dequantize_params *p,
                                      const void *input, float *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    output[i] = p->scale * (float)(tg_portable_dequantize_code(p->type, input, i) - p->zero_point);
  }
}

#endif /* TG_PORTABLE_DEQUANTIZE_H */
