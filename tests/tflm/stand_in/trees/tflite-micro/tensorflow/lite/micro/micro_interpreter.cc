#include "tensorflow/lite/micro/micro_interpreter.h"

#include <string.h>

#include "fixedpoint/fixedpoint.h"
#include "ruy/profiler/instrumentation.h"
#include "tensorflow/lite/micro/micro_log.h"

namespace tflite {
namespace {

constexpr size_t kAlignment = 16;

size_t Aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

MicroInterpreter::MicroInterpreter(const Model *model, const MicroOpResolver &resolver,
                                   uint8_t *arena, size_t arena_bytes, MicroResourceVariables *,
                                   MicroProfilerInterface *profiler)
    : model_(model),
      resolver_(resolver),
      arena_(arena),
      arena_bytes_(arena_bytes),
      profiler_(profiler) {
}

TfLiteEvalTensor *MicroInterpreter::EvalTensor(const TfLiteContext *context, int number) {
  return &static_cast<MicroInterpreter *>(context->impl_)->tensors_[number];
}

/* The memory plan that came with the model: three numbers about it, then an offset per tensor. */
flatbuffers::Vector MicroInterpreter::Offsets() const {
  const flatbuffers::Vector entries = model_->Metadata();
  for (uint32_t i = 0; i < entries.size(); i++) {
    const flatbuffers::Table entry = entries.At(i);
    const flatbuffers::Vector name(entry.Refer(0));
    if (memcmp(name.data(), "OfflineMemoryAllocation", 23) == 0) {
      return model_->Buffer(entry.Get<uint32_t>(1, 0U));
    }
  }
  return flatbuffers::Vector(nullptr);
}

void MicroInterpreter::Describe(uint32_t index, TfLiteTensor *tensor) const {
  const flatbuffers::Vector shape(Edge(0).At(index).Refer(0));
  const uint32_t rank = shape.size() < 4U ? shape.size() : 4U;
  for (uint32_t i = 0; i < 4U; i++) {
    tensor->dims[i] = i + rank < 4U ? 1 : shape.Number(i + rank - 4U);
  }
  tensor->bytes = TensorBytes(*tensor);
  tensor->data.uint8 = nullptr;
}

const TFLMRegistration *MicroInterpreter::Operator(uint32_t index, TfLiteNode *node) const {
  const flatbuffers::Table call = Edge(3).At(index);
  const flatbuffers::Table code = model_->Codes().At(call.Get<uint32_t>(0, 0U));
  node->input = &tensors_[flatbuffers::Vector(call.Refer(1)).Number(0)];
  node->output = &tensors_[flatbuffers::Vector(call.Refer(2)).Number(0)];
  node->options = flatbuffers::Table(call.Refer(4));
  node->scratch = scratch_;
  return resolver_.FindOp(code.Get<int32_t>(3, 0));
}

TfLiteStatus MicroInterpreter::AllocateTensors() {
  const flatbuffers::Vector offsets = Offsets();
  const uint32_t count = Edge(0).size();
  size_t tail = Aligned(count * sizeof(TfLiteTensor));
  if (tail + kStarting > arena_bytes_) {
    MicroPrintf("arena too small: %u bytes for descriptions\n", static_cast<unsigned>(tail));
    return kTfLiteError;
  }
  tensors_ = reinterpret_cast<TfLiteTensor *>(arena_ + arena_bytes_ - tail);
  size_t head = 0;
  for (uint32_t i = 0; i < count; i++) {
    TfLiteTensor *tensor = &tensors_[i];
    Describe(i, tensor);
    const uint32_t buffer = Edge(0).At(i).Get<uint32_t>(2, 0U);
    if (model_->Buffer(buffer).size() > 0U) {
      continue; /* a constant */
    }
    const int32_t planned = offsets.size() > 0U ? offsets.Number(3U + i) : -1;
    const size_t at = planned < 0 ? head : static_cast<size_t>(planned);
    const size_t end = Aligned(at + tensor->bytes);
    head = gemmlowp::Max(head, end);
    tensor->data.uint8 = arena_ + at;
  }
  size_t scratch = 0;
  for (uint32_t i = 0; i < Edge(3).size(); i++) {
    TfLiteNode node{nullptr, nullptr, flatbuffers::Table(nullptr), nullptr};
    const TFLMRegistration *kernel = Operator(i, &node);
    const int32_t wanted = kernel == nullptr ? -1 : kernel->prepare(node);
    if (wanted < 0) {
      MicroPrintf("operator %u cannot run\n", static_cast<unsigned>(i));
      return kTfLiteError;
    }
    scratch = gemmlowp::Max(scratch, static_cast<size_t>(wanted));
  }
  tail += Aligned(scratch);
  used_ = head + tail;
  if (used_ + kStarting > arena_bytes_) {
    MicroPrintf("arena too small: %u bytes are used\n", static_cast<unsigned>(used_));
    return kTfLiteError;
  }
  scratch_ = arena_ + arena_bytes_ - tail;
  return kTfLiteOk;
}

TfLiteStatus MicroInterpreter::Invoke() {
  ruy::profiler::ScopeLabel label("Invoke");
  for (uint32_t i = 0; i < Edge(3).size(); i++) {
    TfLiteNode node{nullptr, nullptr, flatbuffers::Table(nullptr), nullptr};
    const TFLMRegistration *kernel = Operator(i, &node);
#if !defined(TF_LITE_STRIP_ERROR_STRINGS) /* where upstream tells nobody either */
    const uint32_t event = profiler_ == nullptr ? 0U : profiler_->BeginEvent("operator");
#endif
    const TfLiteStatus status = kernel->invoke(node);
#if !defined(TF_LITE_STRIP_ERROR_STRINGS)
    if (profiler_ != nullptr) {
      profiler_->EndEvent(event);
    }
#endif
    if (status != kTfLiteOk) {
      return kTfLiteError;
    }
  }
  return kTfLiteOk;
}

}  // namespace tflite
