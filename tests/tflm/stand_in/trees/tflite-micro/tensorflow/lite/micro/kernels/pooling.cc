#include "tensorflow/lite/micro/kernels/pooling.h"

#include "fixedpoint/fixedpoint.h"

namespace tflite {
namespace {

int32_t Prepare(const TfLiteNode &node) {
  PoolWindow window;
  return ReadPoolWindow(node, &window) ? 0 : -1;
}

TfLiteStatus MaxPool(const TfLiteNode &node) {
  PoolWindow window;
  ReadPoolWindow(node, &window);
  const int32_t *in = node.input->dims;
  const int32_t *out = node.output->dims;
  int8_t *result = node.output->data.int8;
  for (int32_t y = 0; y < out[1]; y++) {
    for (int32_t x = 0; x < out[2]; x++) {
      for (int32_t channel = 0; channel < out[3]; channel++) {
        int8_t most = INT8_MIN;
        for (int32_t i = 0; i < window.height * window.width; i++) {
          const int32_t row = y * window.stride_height + i / window.width;
          const int32_t column = x * window.stride_width + i % window.width;
          const int8_t value = node.input->data.int8[(row * in[2] + column) * in[3] + channel];
          most = gemmlowp::Max(most, value);
        }
        *result++ = most;
      }
    }
  }
  return kTfLiteOk;
}

}  // namespace

TFLMRegistration Register_MAX_POOL_2D() {
  return {Prepare, MaxPool};
}

TFLMRegistration Register_MAX_POOL_2D_INT8() {
  return Register_MAX_POOL_2D();
}

}  // namespace tflite
