#ifndef TENSORFLOW_LITE_MICRO_MICRO_COMMON_H_
#define TENSORFLOW_LITE_MICRO_MICRO_COMMON_H_

#include "flatbuffers/flatbuffers.h"
#include "tensorflow/lite/c/common.h"

/* One operator of the model, as its kernel sees it. */
struct TfLiteNode {
  const TfLiteTensor *input;
  TfLiteTensor *output;
  flatbuffers::Table options;
  uint8_t *scratch;
};

struct TFLMRegistration {
  /* Bytes of scratch, -1 where the kernel cannot run the operator. */
  int32_t (*prepare)(const TfLiteNode &node);
  TfLiteStatus (*invoke)(const TfLiteNode &node);
};

#endif
