#ifndef TENSORFLOW_LITE_CORE_TENSOR_BYTES_H_
#define TENSORFLOW_LITE_CORE_TENSOR_BYTES_H_

#include "tensorflow/lite/c/common.h"

size_t TensorBytes(const TfLiteTensor &tensor);

#endif
