/* Tables that are never whole in memory: told from the start every time, of which only the bytes
 * inside the part asked for are kept. */
#ifndef TG_TELL_H
#define TG_TELL_H

#include <stdint.h>

#include "tg_frame.h"

struct tg_part {
  uint32_t position; /* in the table */
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

#endif /* TG_TELL_H */
