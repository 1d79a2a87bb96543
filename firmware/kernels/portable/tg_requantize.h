/* Codes of one quantization to those of another, where one of both is int16. */
#ifndef TG_PORTABLE_REQUANTIZE_H
#define TG_PORTABLE_REQUANTIZE_H

#include "tg_fixed_point.h"

struct tg_portable_requantize_params {
  int32_t count;       /* elements */
  int32_t input_bytes; /* of an element: 1 is int8, 2 is int16 */
  int32_t output_bytes;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t multiplier; /* the ratio of the scales */
  int32_t shift;
};

TG_INLINE void tg_portable_requantize(const struct tg_portable_requantize_params *p,
                                      const void *input, void *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    const int32_t code =
        p->input_bytes == 1 ? ((const int8_t *)input)[i] : ((const int16_t *)input)[i];
    const int32_t value =
        tg_requantize(code - p->input_zero_point, p->multiplier, p->shift) + p->output_zero_point;
    if (p->output_bytes == 1) {
      ((int8_t *)output)[i] = (int8_t)tg_clamp(value, -128, 127);
    } else {
      ((int16_t *)output)[i] = (int16_t)tg_clamp(value, -32768, 32767);
    }
  }
}

#endif /* TG_PORTABLE_REQUANTIZE_H */
