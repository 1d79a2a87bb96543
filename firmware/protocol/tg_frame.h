/* Frames over a byte stream: COBS between zeros, CRC-32 at the end, one buffer for both ways.
 *
 * An answer is built over its request: nothing is received while one is sent.
 */
#ifndef TG_FRAME_H
#define TG_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tg_protocol.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TG_CONTENT_BYTES (TG_HEAD_BYTES + TG_MARGIN_BYTES + TG_PAYLOAD_BYTES)

/* The bytes encoding adds in front: a zero, a first count, a count for every 254 bytes. With
 * that room ahead of the content it can be encoded in place, front to back. */
#define TG_HEADROOM (2u + (TG_CONTENT_BYTES + TG_CRC_BYTES) / 254u)

struct tg_frame {
  size_t size;  /* bytes of content received */
  uint8_t left; /* bytes until the next COBS count */
  bool zero;    /* that count stands for a zero, unless the frame ends there */
  bool dropped; /* longer than the buffer: ignore up to the next zero */
  uint8_t bytes[TG_HEADROOM + TG_CONTENT_BYTES + TG_CRC_BYTES + 1u]; /* and the zero at the end */
};

/* Where the content of a frame starts, received or to be sent. */
static inline uint8_t *tg_content(struct tg_frame *frame) {
  return frame->bytes + TG_HEADROOM;
}

/* Take received bytes up to the end of a frame. Returns how many were taken.
 *
 * `*whole` says that a frame with a correct CRC-32 is in the buffer: `frame->size` bytes of
 * content, without the CRC. Set the size to 0 before taking more.
 */
size_t tg_frame_receive(struct tg_frame *frame, const uint8_t *bytes, size_t size, bool *whole);

/* Encode `size` bytes of content in place, with their CRC-32, and send them in one write. */
void tg_frame_send(struct tg_frame *frame, size_t size);

uint16_t tg_get_u16(const uint8_t *bytes);
uint32_t tg_get_u32(const uint8_t *bytes);
uint8_t *tg_put_u16(uint8_t *bytes, uint16_t value); /* both return where to go on */
uint8_t *tg_put_u32(uint8_t *bytes, uint32_t value);

#ifdef __cplusplus
}
#endif

#endif /* TG_FRAME_H */
