#ifndef TENSORFLOW_LITE_MICRO_MICRO_PROFILER_INTERFACE_H_
#define TENSORFLOW_LITE_MICRO_MICRO_PROFILER_INTERFACE_H_

#include <stdint.h>

namespace tflite {

/* Is told when an operator begins, and when it ends. */
class MicroProfilerInterface {
 public:
  virtual ~MicroProfilerInterface() {
  }

  virtual uint32_t BeginEvent(const char *tag) = 0;
  virtual void EndEvent(uint32_t handle) = 0;
};

}  // namespace tflite

#endif
