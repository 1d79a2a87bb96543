#ifndef TENSORFLOW_LITE_MICRO_KERNELS_RESHAPE_H_
#define TENSORFLOW_LITE_MICRO_KERNELS_RESHAPE_H_

#include "tensorflow/lite/micro/micro_common.h"

namespace tflite {

TFLMRegistration Register_RESHAPE();

}  // namespace tflite

#endif
