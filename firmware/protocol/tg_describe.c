#include "tg_describe.h"

#include <string.h>

#include "tg_build_id.h"
#include "tg_frame.h"
#include "tg_hal.h"

#if defined(TG_SERIAL_FASTEST)
#define TG_FEATURES (TG_FEATURE_RUN | TG_FEATURE_RESET | TG_FEATURE_BAUD)
#else
#define TG_FEATURES (TG_FEATURE_RUN | TG_FEATURE_RESET)
#endif

/* The description is never whole in memory: it is told from the start every time, and only the
 * bytes inside the part asked for are kept. */
struct tg_part {
  uint32_t position; /* in the description */
  uint32_t offset;
  uint32_t room;
  uint8_t *bytes;
};

static void tg_tell(struct tg_part *part, const void *source, uint32_t size) {
  const uint8_t *bytes = (const uint8_t *)source;
  for (uint32_t i = 0; i < size; i++, part->position++) {
    if (part->position >= part->offset && part->position - part->offset < part->room) {
      part->bytes[part->position - part->offset] = bytes[i];
    }
  }
}

static void tg_tell_u8(struct tg_part *part, uint8_t value) {
  tg_tell(part, &value, 1);
}

static void tg_tell_u16(struct tg_part *part, uint16_t value) {
  uint8_t bytes[2];
  tg_put_u16(bytes, value);
  tg_tell(part, bytes, sizeof bytes);
}

static void tg_tell_u32(struct tg_part *part, uint32_t value) {
  uint8_t bytes[4];
  tg_put_u32(bytes, value);
  tg_tell(part, bytes, sizeof bytes);
}

static void tg_tell_text(struct tg_part *part, const char *text) {
  uint16_t size = 0; /* strlen would be 200 bytes of a C library's own assembly */
  while (size < UINT16_MAX && text[size] != '\0') {
    size++;
  }
  tg_tell_u16(part, size);
  tg_tell(part, text, size);
}

static uint8_t tg_type(const struct model_tensor *tensor) {
#if defined(MODEL_TYPED)
  return (uint8_t)tensor->type;
#else
  (void)tensor;
  return TG_TYPE_INT8;
#endif
}

static void tg_tell_tensor(struct tg_part *part, const struct model_tensor *tensor) {
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
  tg_tell(&part, model_hash, sizeof model_hash);
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
  tg_tell_u16(&part, 0); /* layers */
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
  return part.position;
}
