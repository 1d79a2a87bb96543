#include "tg_frame.h"

#include "tg_crc32.h"
#include "tg_hal.h"

uint16_t tg_get_u16(const uint8_t *bytes) {
  return (uint16_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8);
}

uint32_t tg_get_u32(const uint8_t *bytes) {
  return tg_get_u16(bytes) | (uint32_t)tg_get_u16(bytes + 2) << 16;
}

uint8_t *tg_put_u16(uint8_t *bytes, uint16_t value) {
  bytes[0] = (uint8_t)value;
  bytes[1] = (uint8_t)(value >> 8);
  return bytes + 2;
}

uint8_t *tg_put_u32(uint8_t *bytes, uint32_t value) {
  return tg_put_u16(tg_put_u16(bytes, (uint16_t)value), (uint16_t)(value >> 16));
}

static void tg_append(struct tg_frame *frame, uint8_t byte) {
  if (frame->size < TG_CONTENT_BYTES + TG_CRC_BYTES) {
    tg_content(frame)[frame->size++] = byte;
  } else {
    frame->dropped = true;
  }
}

/* A zero arrived: is what came before it a frame? Be ready for the next one either way. */
static bool tg_frame_end(struct tg_frame *frame) {
  bool whole = !frame->dropped && frame->left == 0 && frame->size > TG_CRC_BYTES;
  if (whole) {
    const uint8_t *content = tg_content(frame);
    frame->size -= TG_CRC_BYTES;
    whole = tg_crc32(0, content, frame->size) == tg_get_u32(content + frame->size);
  }
  frame->left = 0;
  frame->zero = false;
  frame->dropped = false;
  if (!whole) {
    frame->size = 0;
  }
  return whole;
}

size_t tg_frame_receive(struct tg_frame *frame, const uint8_t *bytes, size_t size, bool *whole) {
  size_t taken = 0;
  *whole = false;
  while (taken < size) {
    uint8_t byte = bytes[taken++];
    if (byte == 0) {
      *whole = tg_frame_end(frame);
      if (*whole) {
        break;
      }
    } else if (frame->left == 0) { /* a count: as many bytes follow, less one, then a zero */
      if (frame->zero) {
        tg_append(frame, 0);
      }
      frame->left = (uint8_t)(byte - 1u);
      frame->zero = byte != 255u;
    } else {
      frame->left--;
      tg_append(frame, byte);
    }
  }
  return taken;
}

void tg_frame_send(struct tg_frame *frame, size_t size) {
  uint8_t *bytes = frame->bytes;
  const uint8_t *content = tg_content(frame);
  tg_put_u32(tg_content(frame) + size, tg_crc32(0, content, size));
  size += TG_CRC_BYTES;
  bytes[0] = 0;
  size_t count_at = 1;
  size_t end = 2; /* never passes the byte being read: the headroom is that of the longest frame */
  uint8_t count = 1;
  for (size_t i = 0; i < size; i++) {
    uint8_t byte = content[i];
    if (byte != 0) {
      bytes[end++] = byte;
      count++;
    }
    if (byte == 0 || (count == 255u && i + 1u < size)) {
      bytes[count_at] = count;
      count_at = end++;
      count = 1;
    }
  }
  bytes[count_at] = count;
  bytes[end++] = 0;
  tg_hal_write(bytes, end);
}
