#ifndef TENSORFLOW_LITE_MICRO_KERNELS_POOLING_H_
#define TENSORFLOW_LITE_MICRO_KERNELS_POOLING_H_

#include "tensorflow/lite/micro/micro_common.h"

namespace tflite {

struct PoolWindow {
  int32_t stride_width;
  int32_t stride_height;
  int32_t width;
  int32_t height;
};

/* The window of a Pool2DOptions; padding VALID, without an activation, is all there is here. */
bool ReadPoolWindow(const TfLiteNode &node, PoolWindow *window);

TFLMRegistration Register_MAX_POOL_2D();
TFLMRegistration Register_MAX_POOL_2D_INT8();

}  // namespace tflite

#endif
