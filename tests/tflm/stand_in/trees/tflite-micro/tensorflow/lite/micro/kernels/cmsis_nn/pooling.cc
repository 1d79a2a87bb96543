#include "tensorflow/lite/micro/kernels/pooling.h"

#include "Include/arm_nnfunctions.h"

namespace tflite {
namespace {

int32_t Prepare(const TfLiteNode &node) {
  PoolWindow window;
  return ReadPoolWindow(node, &window) ? arm_max_pool_s8_get_buffer_size(node.input->dims[3]) : -1;
}

TfLiteStatus MaxPool(const TfLiteNode &node) {
  PoolWindow window;
  ReadPoolWindow(node, &window);
  arm_max_pool_s8(node.input->data.int8, node.input->dims, node.output->data.int8,
                  node.output->dims, window.stride_height, window.stride_width, window.height,
                  window.width, node.scratch);
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
