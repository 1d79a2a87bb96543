#include <common_functions.h>
#include <esp_nn_generic_opt.h>

int esp_nn_get_max_pool_scratch_size_opt(const data_dims_t *input) {
  (void)input;
  return 0;
}

void esp_nn_max_pool_s8_opt(const int8_t *input, const data_dims_t *in, int8_t *output,
                            const data_dims_t *out, const data_dims_t *stride,
                            const data_dims_t *window) {
  for (int32_t y = 0; y < out->height; y++) {
    for (int32_t x = 0; x < out->width; x++) {
      for (int32_t channel = 0; channel < out->channels; channel++) {
        int32_t most = INT8_MIN;
        for (int32_t i = 0; i < window->height * window->width; i++) {
          const int32_t row = y * stride->height + i / window->width;
          const int32_t column = x * stride->width + i % window->width;
          most = esp_nn_larger(most, input[(row * in->width + column) * in->channels + channel]);
        }
        *output++ = (int8_t)most;
      }
    }
  }
}
