#include "tensorflow/lite/micro/kernels/pooling.h"

namespace tflite {

bool ReadPoolWindow(const TfLiteNode &node, PoolWindow *window) {
  constexpr int8_t kValid = 1;
  window->stride_width = node.options.Get<int32_t>(1, 0);
  window->stride_height = node.options.Get<int32_t>(2, 0);
  window->width = node.options.Get<int32_t>(3, 0);
  window->height = node.options.Get<int32_t>(4, 0);
  return node.options.Get<int8_t>(0, 0) == kValid && node.options.Get<int8_t>(5, 0) == 0;
}

}  // namespace tflite
