/* Hands a stream of commands to the driver. */
#include "tensorflow/lite/micro/kernels/ethosu.h"

#include <ethosu_driver.h>

namespace tflite {
namespace {

int32_t Prepare(const TfLiteNode &) {
  return 0;
}

TfLiteStatus Eval(const TfLiteNode &node) {
  ethosu_driver *driver = ethosu_reserve_driver();
  if (driver == nullptr) {
    return kTfLiteError;
  }
  const int done = ethosu_invoke_v3(driver, node.input->data.uint8,
                                    static_cast<int>(node.input->bytes), nullptr, nullptr, 0, 0);
  ethosu_release_driver(driver);
  return done == 0 ? kTfLiteOk : kTfLiteError;
}

}  // namespace

TFLMRegistration *Register_ETHOSU() {
  static TFLMRegistration registration = {Prepare, Eval};
  return &registration;
}

}  // namespace tflite
