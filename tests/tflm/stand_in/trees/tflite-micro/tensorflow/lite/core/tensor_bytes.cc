#include "tensorflow/lite/core/tensor_bytes.h"

size_t TensorBytes(const TfLiteTensor &tensor) {
  size_t bytes = 1;
  for (const int32_t dim : tensor.dims) {
    bytes *= static_cast<size_t>(dim);
  }
  return bytes;
}
