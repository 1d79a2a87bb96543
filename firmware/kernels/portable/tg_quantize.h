/* float32 to int8: value / scale rounded half away from zero, plus the zero point, clamped. */
#ifndef TG_PORTABLE_QUANTIZE_H
#define TG_PORTABLE_QUANTIZE_H

#include "tg_fixed_point.h"

struct tg_portable_quantize_params {
  int32_t count;      /* elements */
  float scale;        /* of the output, positive */
  int32_t zero_point; /* of the output */
};

/* A NaN becomes the zero point. */
TG_INLINE int8_t tg_portable_quantize_value(float value, float scale, int32_t zero_point) {
  const float ratio = value / scale;
  int32_t steps = 0;
  if (ratio >= 256.0f) {
    steps = 256; /* beyond every code; also keeps the conversion below defined */
  } else if (ratio <= -256.0f) {
    steps = -256;
  } else if (ratio == ratio) {
    steps = (int32_t)ratio;
    const float rest = ratio - (float)steps; /* exact */
    if (rest >= 0.5f) {
      ++steps;
    } else if (rest <= -0.5f) {
      --steps;
    }
  }
  return (int8_t)tg_clamp(steps + zero_point, -128, 127);
}

TG_INLINE void tg_portable_quantize(const struct tg_portable_quantize_params *p, const float *input,
                                    int8_t *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    output[i] = tg_portable_quantize_value(input[i], p->scale, p->zero_point);
  }
}

#endif /* TG_PORTABLE_QUANTIZE_H */
