#include "arm_nnfunctions.h"

/* arm_avg_pool_s8 is not called, only named. */
void arm_max_pool_s8(const int8_t *input, const int32_t *in, int8_t *output, const int32_t *out,
                     int32_t stride_height, int32_t stride_width, int32_t height, int32_t width,
                     uint8_t *buffer) {
  int8_t *row = (int8_t *)buffer;
  for (int32_t y = 0; y < out[1]; y++) {
    for (int32_t x = 0; x < out[2]; x++) {
      for (int32_t channel = 0; channel < out[3]; channel++) {
        row[channel] = arm_nn_least[0];
      }
      for (int32_t i = 0; i < height * width; i++) {
        const int32_t at = (y * stride_height + i / width) * in[2] + x * stride_width + i % width;
        for (int32_t channel = 0; channel < in[3]; channel++) {
          const int8_t value = input[at * in[3] + channel];
          row[channel] = value > row[channel] ? value : row[channel];
        }
      }
      for (int32_t channel = 0; channel < out[3]; channel++) {
        *output++ = row[channel];
      }
    }
  }
}
