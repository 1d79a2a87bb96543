/* TensorFlow Lite Micro behind C functions: one interpreter, in memory the caller gives.
 *
 * The model's operators come from model_operators.cc.
 */
#ifndef TG_TFLM_H
#define TG_TFLM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tg_tflm_status {
  TG_TFLM_OK = 0,
  TG_TFLM_MODEL = 1, /* the flatbuffer or its operators do not fit this build */
  TG_TFLM_ARENA = 2, /* the arena is too small */
  TG_TFLM_INVOKE = 3 /* an operator failed */
};

/* Make the interpreter for `model` in `arena`, both aligned to 16 bytes. May be called again, for
 * another arena; what was there before is gone. */
enum tg_tflm_status tg_tflm_start(const uint8_t *model, uint8_t *arena, size_t arena_bytes);

/* Forget what the model was given: its variables are zero again. Not for a model that gives them
 * other values at first: that is started anew. */
enum tg_tflm_status tg_tflm_reset(void);

/* Run the model once. */
enum tg_tflm_status tg_tflm_invoke(void);

/* The bytes of input or output `index`, NULL when there is none; `*size` of them. */
uint8_t *tg_tflm_input(size_t index, size_t *size);
const uint8_t *tg_tflm_output(size_t index, size_t *size);

/* What the interpreter says it uses of the arena. Less than it needs to start. */
uint32_t tg_tflm_arena_used(void);

#ifdef __cplusplus
}

namespace tflite {
class MicroOpResolver;
}

/* The operators of the model, made anew; NULL when one could not be registered. */
const tflite::MicroOpResolver *tg_tflm_operators();
#endif

#endif /* TG_TFLM_H */
