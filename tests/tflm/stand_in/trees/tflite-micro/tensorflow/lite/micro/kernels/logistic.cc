#include "tensorflow/lite/micro/kernels/logistic.h"

namespace tflite {
namespace {

/* Known to the resolver, and runs nothing. */
int32_t Prepare(const TfLiteNode &) {
  return -1;
}

TfLiteStatus Logistic(const TfLiteNode &) {
  return kTfLiteError;
}

}  // namespace

TFLMRegistration Register_LOGISTIC() {
  return {Prepare, Logistic};
}

}  // namespace tflite
