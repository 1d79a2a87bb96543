/* float32 to int8 or int16: value / scale rounded half away from zero, plus the zero point,
 * clamped. */
#ifndef TG_PORTABLE_QUANTIZE_H
#define TG_PORTABLE_QUANTIZE_H

#include "tg_fixed_point.h"

struct tg_portable_quantize_params {
  int32_t count;        /* elements */
  float scale;          /* of the output, positive */
  int32_t zero_point;   /* of the output */
  int32_t output_bytes; /* of an element: 1 is int8, 2 is int16 */
};

/* Not clamped. A NaN becomes the zero point. */
TG_INLINE int32_t tg_portable_quantize_value(float value, float scale, int32_t zero_point) {
  const float ratio = value / scale;
  int32_t steps = 0;
  if (ratio >= 65536.0f) {
    steps = 65536; /* beyond every code; also keeps the conversion below defined */
  } else if (ratio <= -65536.0f) {
    steps = -65536;
  } else if (ratio == ratio) {
    steps = (int32_t)ratio;
    const float rest = ratio - (float)steps; /* exact */
    if (rest >= 0.5f) {
      ++steps;
    } else if (rest <= -0.5f) {
      --steps;
    }
  }
  return steps + zero_point;
}

TG_INLINE void tg_portable_quantize(const struct tg_portable_quantize_params *p, const float *input,
                                    void *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    const int32_t code = tg_portable_quantize_value(input[i], p->scale, p->zero_point);
    if (p->output_bytes == 1) {
      ((int8_t *)output)[i] = (int8_t)tg_clamp(code, INT8_MIN, INT8_MAX);
    } else {
      ((int16_t *)output)[i] = (int16_t)tg_clamp(code, INT16_MIN, INT16_MAX);
    }
  }
}

#endif /* TG_PORTABLE_QUANTIZE_H */
