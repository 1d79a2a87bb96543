/* TensorFlow Lite Micro behind C functions. */
#include "tg_tflm.h"

#include <new>

/* Upstream's headers are not held to our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/schema/schema_generated.h"
#pragma GCC diagnostic pop
#if defined(TG_TRACED)
#include "tg_tflm_layers.hpp"
#endif
#if __has_include("tg_tflm_variables.h")
#include "tg_tflm_variables.h" /* of a model that has some */
#endif

namespace {

#if defined(TG_TRACED)
using Interpreter = tg::FollowedInterpreter;
#else
using Interpreter = tflite::MicroInterpreter;
#endif

/* Constructed in place, because a bare-metal program has neither constructors before main nor a
 * heap. Never destroyed: its arena goes with it. */
alignas(Interpreter) unsigned char storage[sizeof(Interpreter)];
Interpreter *interpreter = nullptr;

uint8_t *bytes_of(const TfLiteTensor *tensor, size_t *size) {
  if (tensor == nullptr) {
    return nullptr;
  }
  *size = tensor->bytes;
  return tensor->data.uint8;
}

}  // namespace

enum tg_tflm_status tg_tflm_start(const uint8_t *model, uint8_t *arena, size_t arena_bytes) {
  interpreter = nullptr;
  const tflite::Model *flatbuffer = tflite::GetModel(model);
  const tflite::MicroOpResolver *operators = tg_tflm_operators();
  if (flatbuffer->version() != TFLITE_SCHEMA_VERSION || operators == nullptr) {
    return TG_TFLM_MODEL;
  }
#if defined(TG_TRACED)
  tflite::MicroProfilerInterface *const profiler = tg::listener();
#else
  tflite::MicroProfilerInterface *const profiler = nullptr;
#endif
#if defined(TG_TFLM_VARIABLES)
  tflite::MicroAllocator *allocator = tflite::MicroAllocator::Create(arena, arena_bytes);
  if (allocator == nullptr) {
    return TG_TFLM_ARENA;
  }
  tflite::MicroResourceVariables *variables =
      tflite::MicroResourceVariables::Create(allocator, TG_TFLM_VARIABLES);
  Interpreter *made =
      new (storage) Interpreter(flatbuffer, *operators, allocator, variables, profiler);
#else
  Interpreter *made =
      new (storage) Interpreter(flatbuffer, *operators, arena, arena_bytes, nullptr, profiler);
#endif
  if (made->initialization_status() != kTfLiteOk || made->AllocateTensors() != kTfLiteOk) {
    return TG_TFLM_ARENA;
  }
  interpreter = made;
  return TG_TFLM_OK;
}

enum tg_tflm_status tg_tflm_reset(void) {
  const bool done = interpreter != nullptr && interpreter->Reset() == kTfLiteOk;
  return done ? TG_TFLM_OK : TG_TFLM_INVOKE;
}

enum tg_tflm_status tg_tflm_invoke(void) {
#if defined(TG_TRACED)
  tg::listener()->start();
#endif
  if (interpreter == nullptr || interpreter->Invoke() != kTfLiteOk) {
    return TG_TFLM_INVOKE;
  }
  return TG_TFLM_OK;
}

#if defined(TG_TRACED)
const uint8_t *tg_layer_tensor(uint32_t place) {
  return interpreter->tensor(static_cast<int>(place));
}
#endif

uint8_t *tg_tflm_input(size_t index, size_t *size) {
  const bool there = interpreter != nullptr && index < interpreter->inputs_size();
  return there ? bytes_of(interpreter->input(index), size) : nullptr;
}

const uint8_t *tg_tflm_output(size_t index, size_t *size) {
  const bool there = interpreter != nullptr && index < interpreter->outputs_size();
  return there ? bytes_of(interpreter->output(index), size) : nullptr;
}

uint32_t tg_tflm_arena_used(void) {
  return interpreter == nullptr ? 0U : static_cast<uint32_t>(interpreter->arena_used_bytes());
}
