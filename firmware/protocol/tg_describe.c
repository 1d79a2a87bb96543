#include "tg_describe.h"

#include <string.h>

#include "tg_build_id.h"
#include "tg_hal.h"
#include "tg_layers.h"
#include "tg_tell.h"

#define TG_HASH_BYTES 32u /* of a SHA-256 */

#if defined(TG_SERIAL_FASTEST)
#define TG_RATE_FEATURE TG_FEATURE_BAUD
#else
#define TG_RATE_FEATURE 0u
#endif
#if defined(TG_TRACED)
#define TG_LAYERS_FEATURE TG_FEATURE_LAYERS
#else
#define TG_LAYERS_FEATURE 0u
#define tg_layers_count 0u
#endif
#if TG_MODELS > 1
#define TG_MODELS_FEATURE TG_FEATURE_MODELS
#else
#define TG_MODELS_FEATURE 0u
#endif
#if defined(MODEL_STATES)
#define TG_STATE_FEATURE TG_FEATURE_STATE
#else
#define TG_STATE_FEATURE 0u
#endif
#define TG_FEATURES                                                                             \
  (TG_FEATURE_RUN | TG_FEATURE_RESET | TG_RATE_FEATURE | TG_LAYERS_FEATURE | TG_STATE_FEATURE | \
   TG_MODELS_FEATURE)

static uint8_t tg_type(const struct tg_tensor *tensor) {
#if defined(MODEL_TYPED)
  return (uint8_t)tensor->type;
#else
  (void)tensor;
  return TG_TYPE_INT8;
#endif
}

static void tg_tell_tensor(struct tg_part *part, const struct tg_tensor *tensor) {
  uint32_t scale;
  memcpy(&scale, &tensor->scale, sizeof scale);
  tg_tell_text(part, tensor->name);
  tg_tell_u8(part, tg_type(tensor));
  tg_tell_u32(part, tensor->elements);
  tg_tell_u32(part, scale);
  tg_tell_u32(part, (uint32_t)tensor->zero_point);
  tg_tell_u8(part, (uint8_t)tensor->rank);
  for (uint32_t i = 0; i < tensor->rank; i++) {
    tg_tell_u32(part, tensor->shape[i]);
  }
}

uint32_t tg_describe(enum model_status status, uint32_t init_ticks, uint32_t offset, uint32_t room,
                     uint8_t *bytes) {
  struct tg_part part = {0, offset, room, bytes};
  tg_tell(&part, tg_build_id, sizeof tg_build_id);
  tg_tell(&part, model_hash, TG_HASH_BYTES);
  tg_tell_u32(&part, TG_FEATURES);
  tg_tell_u8(&part, (uint8_t)status);
  tg_tell_u32(&part, model_arena_bytes());
  tg_tell_u32(&part, model_arena_used());
  tg_tell_u32(&part, tg_hal_tick_hz());
  tg_tell_u32(&part, init_ticks);
  tg_tell_u16(&part, (uint16_t)TG_PAYLOAD_BYTES);
  tg_tell_u8(&part, (uint8_t)TG_WINDOW);
  tg_tell_u16(&part, (uint16_t)MODEL_INPUTS);
  tg_tell_u16(&part, (uint16_t)MODEL_OUTPUTS);
  tg_tell_u16(&part, (uint16_t)tg_layers_count);
  tg_tell_text(&part, MODEL_NAME);
  tg_tell_text(&part, MODEL_ENGINE);
  tg_tell_text(&part, MODEL_BOARD);
  tg_tell_text(&part, tg_compiler);
  for (size_t i = 0; i < MODEL_INPUTS; i++) {
    tg_tell_tensor(&part, &model_inputs[i]);
  }
  for (size_t i = 0; i < MODEL_OUTPUTS; i++) {
    tg_tell_tensor(&part, &model_outputs[i]);
  }
  tg_tell_u8(&part, (uint8_t)tg_hal_reset_reason());
  tg_tell_text(&part, tg_hal_last_fault());
#if defined(TG_SERIAL_FASTEST)
  tg_tell_u32(&part, (uint32_t)TG_SERIAL_FASTEST);
#endif
#if TG_MODELS > 1
  tg_tell_u8(&part, (uint8_t)TG_MODELS);
#endif
  return part.position;
}
