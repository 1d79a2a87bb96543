/* The device's side of the protocol under a coverage-guided fuzzer.
 *
 * An input is a conversation of pieces: a control byte, a length byte, that many bytes. Bit 0 of
 * the control byte says whether they are sent as they are or as the content of a whole frame, which
 * a fuzzer could not guess for its CRC-32; the rest says in what portions the port hands them over.
 *
 * Besides what the sanitizers find: a frame that was encoded is decoded to what it was, every
 * answer is one whole frame that is marked as an answer, and the device ends each conversation able
 * to say hello.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "test_hal.h"
#include "tg_crc32.h"
#include "tg_frame.h"
#include "tg_hal.h"
#include "tg_serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

uint64_t test_hal_ticks;

static const uint8_t *input; /* what the port has for the device */
static size_t input_size;
static size_t portion;

static uint8_t sent[sizeof(((struct tg_frame *)0)->bytes)]; /* the last write */
static size_t sent_size;
static size_t answers;
static int encoding; /* the write is ours: a request that is being made */

#define REQUIRE(condition)                       \
  do {                                           \
    if (!(condition)) {                          \
      (void)fprintf(stderr, "%s\n", #condition); \
      abort();                                   \
    }                                            \
  } while (0)

/* The content of the last write; NULL unless it is exactly one whole frame. */
static const uint8_t *decoded(size_t *size) {
  static struct tg_frame frame;
  memset(&frame, 0, sizeof frame);
  bool whole = false;
  size_t taken = 0;
  while (taken < sent_size && !whole) {
    taken += tg_frame_receive(&frame, sent + taken, sent_size - taken, &whole);
  }
  *size = frame.size;
  return whole && taken == sent_size ? tg_content(&frame) : NULL;
}

void tg_hal_init(void) {
}

size_t tg_hal_read(uint8_t *buffer, size_t size) {
  size_t count = input_size < size ? input_size : size;
  count = count < portion ? count : portion;
  memcpy(buffer, input, count);
  input += count;
  input_size -= count;
  return count;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  if (!encoding && bytes[0] != 0) {
    return; /* the line of text at the start */
  }
  REQUIRE(size <= sizeof sent);
  memcpy(sent, bytes, size);
  sent_size = size;
  if (!encoding) {
    const uint8_t *content = decoded(&size);
    REQUIRE(content != NULL);
    REQUIRE(size > TG_HEAD_BYTES);
    REQUIRE((content[1] & TG_ANSWER) != 0);
    answers++;
  }
}

void tg_hal_idle(void) {
}

uint64_t tg_hal_ticks(void) {
  return test_hal_ticks;
}

uint32_t tg_hal_tick_hz(void) {
  return 1000000u;
}

uint32_t tg_hal_stack_used(void) {
  return 432u;
}

void tg_hal_baud(uint32_t baud) {
  REQUIRE(baud >= 9600u);
  REQUIRE(baud <= 921600u);
}

enum tg_reset tg_hal_reset_reason(void) {
  return TG_RESET_FAULT;
}

const char *tg_hal_last_fault(void) {
  return "tg_fault: pc 0x00000000";
}

static void receive(const uint8_t *bytes, size_t size) {
  uint8_t *copy =
      (uint8_t *)malloc(size + 1u); /* of exactly that size, so that a read beyond shows */
  REQUIRE(copy != NULL);
  memcpy(copy, bytes, size);
  input = copy;
  input_size = size;
  while (input_size > 0) {
    tg_serve_step(tg_hal_idle);
  }
  free(copy);
}

/* As a whole frame. */
static void receive_framed(const uint8_t *bytes, size_t size) {
  static struct tg_frame frame;
  size = size < TG_CONTENT_BYTES ? size : TG_CONTENT_BYTES;
  memcpy(tg_content(&frame), bytes, size);
  encoding = 1;
  tg_frame_send(&frame, size);
  encoding = 0;
  uint8_t encoded[sizeof sent];
  size_t encoded_size = sent_size;
  memcpy(encoded, sent, encoded_size);
  for (size_t i = 1; i + 1u < encoded_size; i++) {
    REQUIRE(encoded[i] != 0);
  }
  size_t again;
  const uint8_t *content = decoded(&again);
  if (size > 0) { /* a frame without content is none */
    REQUIRE(content != NULL);
    REQUIRE(again == size);
    REQUIRE(memcmp(content, bytes, size) == 0);
  }
  receive(encoded, encoded_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tg_serve_begin();
  while (size >= 2u) {
    const uint8_t control = data[0];
    size_t length = data[1];
    data += 2;
    size -= 2;
    length = length < size ? length : size;
    portion = (size_t)(control >> 1) + 1u;
    if ((control & 1u) != 0) {
      receive_framed(data, length);
    } else {
      receive(data, length);
    }
    data += length;
    size -= length;
  }
  static const uint8_t hello[] = {TG_VERSION, TG_HELLO, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0};
  portion = 7;
  answers = 0;
  receive_framed(hello, sizeof hello);
  REQUIRE(answers == 1u || answers == 2u); /* its first zero may end a frame that lacked one */
  return 0;
}

#if defined(REPLAY) /* without the fuzzer: each file that is named, once */
int main(int count, char **names) {
  static uint8_t bytes[1u << 20];
  for (int i = 1; i < count; i++) {
    FILE *file = fopen(names[i], "rb");
    REQUIRE(file != NULL);
    (void)LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof bytes, file));
    (void)fclose(file);
  }
  (void)printf("%d inputs\n", count - 1);
  return 0;
}
#endif
