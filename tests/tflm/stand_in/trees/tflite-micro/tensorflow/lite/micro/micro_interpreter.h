#ifndef TENSORFLOW_LITE_MICRO_MICRO_INTERPRETER_H_
#define TENSORFLOW_LITE_MICRO_MICRO_INTERPRETER_H_

#include "tensorflow/lite/core/tensor_bytes.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace tflite {

class MicroResourceVariables;

/* Runs a model of int8 operators with one input and one output each, one after the other.
 *
 * In the arena lie, from below, the tensors: where the model's memory plan says, else each behind
 * the one before; and, from above, a description of each and one scratch for all operators.
 * Starting takes kStarting bytes more than are used in the end. */
class MicroInterpreter {
 public:
  static constexpr size_t kStarting = 48;

  MicroInterpreter(const Model *model, const MicroOpResolver &resolver, uint8_t *arena,
                   size_t arena_bytes, MicroResourceVariables *variables = nullptr,
                   MicroProfilerInterface *profiler = nullptr);

  TfLiteStatus initialization_status() const {
    return kTfLiteOk;
  }

  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteStatus Reset() {
    return kTfLiteOk;
  }

  size_t inputs_size() const {
    return Edge(1).size();
  }

  size_t outputs_size() const {
    return Edge(2).size();
  }

  TfLiteTensor *input(size_t index) {
    return &tensors_[Edge(1).Number(static_cast<uint32_t>(index))];
  }

  TfLiteTensor *output(size_t index) {
    return &tensors_[Edge(2).Number(static_cast<uint32_t>(index))];
  }

  size_t arena_used_bytes() const {
    return used_;
  }

 protected:
  const TfLiteContext &context() const {
    return context_;
  }

 private:
  static TfLiteEvalTensor *EvalTensor(const TfLiteContext *context, int number);

  flatbuffers::Vector Edge(int field) const {
    return flatbuffers::Vector(model_->Graph().Refer(field));
  }

  flatbuffers::Vector Offsets() const;
  void Describe(uint32_t index, TfLiteTensor *tensor) const;
  const TFLMRegistration *Operator(uint32_t index, TfLiteNode *node) const;

  const Model *model_;
  const MicroOpResolver &resolver_;
  uint8_t *arena_;
  size_t arena_bytes_;
  TfLiteTensor *tensors_ = nullptr;
  uint8_t *scratch_ = nullptr;
  size_t used_ = 0;
  MicroProfilerInterface *profiler_;
  TfLiteContext context_ = {this, EvalTensor};
};

}  // namespace tflite

#endif
