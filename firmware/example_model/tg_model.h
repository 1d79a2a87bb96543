/* What the interfaces of all models share. */
#ifndef TG_MODEL_H
#define TG_MODEL_H

#include <stdint.h>

#define MODEL_MAX_RANK 6

enum model_status {
  MODEL_OK = 0,
  MODEL_ERROR_CANARY = 1, /* something wrote past the end of the arena */
  MODEL_ERROR_ARENA = 2,  /* the arena is too small for the model */
  MODEL_ERROR_INVOKE = 3, /* an operator failed */
  MODEL_ERROR_NPU = 4     /* no NPU answers where the board has it, or another one than the model's */
};

enum model_type {
  MODEL_INT8 = 1,
  MODEL_UINT8 = 2,
  MODEL_INT16 = 3,
  MODEL_INT32 = 4,
  MODEL_FLOAT32 = 5
};

/* An int8 tensor: real value = scale * (int8 value - zero_point). */
struct model_tensor {
  const char *name;
  uint32_t elements; /* of one byte each */
  uint32_t rank;
  uint32_t shape[MODEL_MAX_RANK];
  float scale;
  int32_t zero_point;
};

/* A tensor of a model whose tensors are not all int8. Values of MODEL_FLOAT32 are real already; its
 * scale and zero point are those of the int8 codes inside. */
struct model_typed_tensor {
  const char *name;
  uint32_t elements;
  uint32_t rank;
  uint32_t shape[MODEL_MAX_RANK];
  float scale;
  int32_t zero_point;
  enum model_type type;
  uint32_t bytes; /* of all elements */
};

#endif /* TG_MODEL_H */
