#ifndef TENSORFLOW_LITE_MICRO_KERNELS_ETHOSU_H_
#define TENSORFLOW_LITE_MICRO_KERNELS_ETHOSU_H_

#include "tensorflow/lite/micro/micro_common.h"

namespace tflite {

TFLMRegistration *Register_ETHOSU();

}  // namespace tflite

#endif
