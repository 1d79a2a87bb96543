#ifndef TENSORFLOW_LITE_MICRO_MICRO_MUTABLE_OP_RESOLVER_H_
#define TENSORFLOW_LITE_MICRO_MICRO_MUTABLE_OP_RESOLVER_H_

#include "tensorflow/lite/micro/kernels/ethosu.h"
#include "tensorflow/lite/micro/kernels/logistic.h"
#include "tensorflow/lite/micro/kernels/pooling.h"
#include "tensorflow/lite/micro/kernels/reshape.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace tflite {

template <unsigned int kOperators>
class MicroMutableOpResolver : public MicroOpResolver {
 public:
  MicroMutableOpResolver() : MicroOpResolver(codes_, registrations_) {
  }

  /* Upstream goes by its name: there are others that are not TFLite's. */
  TfLiteStatus AddEthosU() {
    return AddBuiltin(BuiltinOperator_CUSTOM, *Register_ETHOSU());
  }

  TfLiteStatus AddLogistic() {
    return AddBuiltin(BuiltinOperator_LOGISTIC, tflite::Register_LOGISTIC());
  }

  TfLiteStatus AddMaxPool2D(const TFLMRegistration &registration = Register_MAX_POOL_2D()) {
    return AddBuiltin(BuiltinOperator_MAX_POOL_2D, registration);
  }

  TfLiteStatus AddReshape() {
    return AddBuiltin(BuiltinOperator_RESHAPE, Register_RESHAPE());
  }

 private:
  TfLiteStatus AddBuiltin(BuiltinOperator code, const TFLMRegistration &registration) {
    if (count_ == kOperators) {
      return kTfLiteError;
    }
    codes_[count_] = code;
    registrations_[count_] = registration;
    count_++;
    return kTfLiteOk;
  }

  int32_t codes_[kOperators];
  TFLMRegistration registrations_[kOperators];
};

}  // namespace tflite

#endif
