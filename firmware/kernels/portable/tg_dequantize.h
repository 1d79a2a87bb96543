/* int8 to float32: scale * (code - zero point), with one rounding. */
#ifndef TG_PORTABLE_DEQUANTIZE_H
#define TG_PORTABLE_DEQUANTIZE_H

#include "tg_fixed_point.h"

struct tg_portable_dequantize_params {
  int32_t count;      /* elements */
  float scale;        /* of the input */
  int32_t zero_point; /* of the input */
};

TG_INLINE void tg_portable_dequantize(const struct tg_portable_dequantize_params *p,
                                      const int8_t *input, float *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    output[i] = p->scale * (float)((int32_t)input[i] - p->zero_point);
  }
}

#endif /* TG_PORTABLE_DEQUANTIZE_H */
