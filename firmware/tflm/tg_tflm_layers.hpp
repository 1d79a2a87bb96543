/* Part of tg_tflm.cc, for firmware that is built to be looked into: TensorFlow Lite Micro tells a
 * profiler when an operator begins and ends, one after the other as the file has them. It does so
 * only where its error texts are kept. */
#ifndef TG_TFLM_LAYERS_HPP
#define TG_TFLM_LAYERS_HPP

#include <new>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#pragma GCC diagnostic pop
#include "tg_layers.h"

namespace tg {

class Listener : public tflite::MicroProfilerInterface {
 public:
  /* An inference begins. */
  void start() {
    operator_ = 0;
    depth_ = 0;
  }

  uint32_t BeginEvent(const char *) override {
    if (depth_++ == 0) { /* an operator may tell of its parts */
      tg_layer_begin();
    }
    return 0;
  }

  void EndEvent(uint32_t) override {
    if (--depth_ == 0) {
      tg_layer_done(operator_++);
    }
  }

 private:
  uint32_t operator_ = 0;
  uint32_t depth_ = 0;
};

/* The one there is, constructed in place as the interpreter is. */
inline Listener *listener() {
  alignas(Listener) static unsigned char storage[sizeof(Listener)];
  static Listener *made = nullptr;
  if (made == nullptr) {
    made = new (storage) Listener();
  }
  return made;
}

class FollowedInterpreter : public tflite::MicroInterpreter {
 public:
  using MicroInterpreter::MicroInterpreter;

  /* The bytes of a tensor, by its number in the file. */
  const uint8_t *tensor(int number) const {
    return context().GetEvalTensor(&context(), number)->data.uint8;
  }
};

}  // namespace tg

#endif /* TG_TFLM_LAYERS_HPP */
