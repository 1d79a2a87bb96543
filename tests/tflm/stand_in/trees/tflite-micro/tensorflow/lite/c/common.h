/* What an operator and the interpreter tell each other. Part of the stand-in for TensorFlow Lite
 * Micro: int8 tensors of up to four dimensions, one input, one output. */
#ifndef TENSORFLOW_LITE_C_COMMON_H_
#define TENSORFLOW_LITE_C_COMMON_H_

#include <stddef.h>
#include <stdint.h>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

struct TfLiteTensor {
  union {
    uint8_t *uint8;
    int8_t *int8;
  } data;
  size_t bytes;
  int32_t dims[4]; /* NHWC; the leading ones are 1 where there are fewer */
};

using TfLiteEvalTensor = TfLiteTensor; /* upstream's has less in it */

struct TfLiteContext {
  void *impl_;
  TfLiteEvalTensor *(*GetEvalTensor)(const TfLiteContext *context, int number);
};

#endif
