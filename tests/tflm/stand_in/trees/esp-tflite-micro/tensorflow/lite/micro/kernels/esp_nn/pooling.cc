#include "tensorflow/lite/micro/kernels/pooling.h"

#include <esp_nn.h>
#include <esp_timer.h>

namespace tflite {
namespace {

int64_t pooling_time = 0;

data_dims_t Dims(const TfLiteTensor *tensor) {
  return {tensor->dims[2], tensor->dims[1], tensor->dims[3]};
}

int32_t Prepare(const TfLiteNode &node) {
  PoolWindow window;
  const data_dims_t input = Dims(node.input);
  return ReadPoolWindow(node, &window) ? esp_nn_get_max_pool_scratch_size(&input) : -1;
}

TfLiteStatus MaxPool(const TfLiteNode &node) {
  PoolWindow window;
  ReadPoolWindow(node, &window);
  const data_dims_t in = Dims(node.input);
  const data_dims_t out = Dims(node.output);
  const data_dims_t stride = {window.stride_width, window.stride_height, 0};
  const data_dims_t size = {window.width, window.height, 0};
  const int64_t before = esp_timer_get_time();
  esp_nn_max_pool_s8(node.input->data.int8, &in, node.output->data.int8, &out, &stride, &size);
  pooling_time += esp_timer_get_time() - before;
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
