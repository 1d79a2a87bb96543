#ifndef TENSORFLOW_LITE_MICRO_MICRO_OP_RESOLVER_H_
#define TENSORFLOW_LITE_MICRO_MICRO_OP_RESOLVER_H_

#include "tensorflow/lite/micro/micro_common.h"

namespace tflite {

class MicroOpResolver {
 public:
  MicroOpResolver(const int32_t *codes, const TFLMRegistration *registrations)
      : codes_(codes), registrations_(registrations) {
  }

  const TFLMRegistration *FindOp(int32_t code) const {
    for (unsigned int i = 0; i < count_; i++) {
      if (codes_[i] == code) {
        return &registrations_[i];
      }
    }
    return nullptr;
  }

 protected:
  unsigned int count_ = 0;

 private:
  const int32_t *codes_;
  const TFLMRegistration *registrations_;
};

}  // namespace tflite

#endif
