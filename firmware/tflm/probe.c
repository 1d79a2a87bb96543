/* Finds out how small the arena may be: starts the model in as many bytes as the host says, runs it
 * and tells what came out.
 *
 *     host    <model> <arena bytes> <invokes>\n       model: 0 or 1, see tg_probe.h
 *     device  tg_probe <arena bytes> <status> <arena used> <CRC-32 of all outputs> <start ticks>\n
 *
 * Too small an arena may also end in the port's message about a fault, or in silence.
 */
#include <stdbool.h>
#include <string.h>

#include "model_data.h" /* PlatformIO looks for libraries in what sources include */
#include "tg_crc32.h"
#include "tg_hal.h"
#include "tg_probe.h"
#include "tg_tflm.h"

#define STATUS_OVERRUN 9U
#define GUARD 64U
#define PAINT 0xA5

static _Alignas(16) uint8_t arena[TG_PROBE_ARENA_BYTES + GUARD];

static void put_text(const char *text) {
  tg_hal_write((const uint8_t *)text, strlen(text));
}

static void put_number(uint32_t value) {
  char digits[12];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + value % 10U);
    value /= 10U;
  } while (value > 0U);
  digits[--at] = ' ';
  tg_hal_write((const uint8_t *)&digits[at], sizeof digits - at);
}

static char get_character(void) {
  uint8_t byte;
  while (tg_hal_read(&byte, 1) == 0) {
    tg_hal_idle();
  }
  return (char)byte;
}

/* One line from the host, without its end; what is too long is dropped. */
static void get_line(char *line, size_t size) {
  size_t length = 0;
  for (;;) {
    const char character = get_character();
    if (character == '\n') {
      line[length] = '\0';
      return;
    }
    if (length + 1U < size) {
      line[length++] = character;
    }
  }
}

/* The next number in a line; `*at` moves behind it. */
static uint32_t next_number(const char **at) {
  uint32_t value = 0;
  while (**at == ' ') {
    (*at)++;
  }
  while (**at >= '0' && **at <= '9') {
    value = value * 10U + (uint32_t)(**at - '0');
    (*at)++;
  }
  return value;
}

/* Of each input: what its numbers stay below, 0 where any bytes will do; whether it is float32. */
static const uint32_t limits[] = TG_PROBE_LIMITS;
static const bool floats[] = TG_PROBE_FLOATS;

static void fill_inputs(uint32_t *seed) {
  size_t size;
  uint8_t *bytes;
  for (size_t i = 0; (bytes = tg_tflm_input(i, &size)) != NULL; i++) {
    for (size_t j = 0; j < size; j++) {
      *seed = *seed * 1664525U + 1013904223U;
      bytes[j] = (uint8_t)(*seed >> 24);
    }
    if (limits[i] != 0U) { /* numbers that pick something */
      for (size_t j = 0; j + 4U <= size; j += 4U) {
        const uint32_t number = bytes[j] % limits[i];
        memcpy(bytes + j, &number, sizeof number);
      }
    } else if (floats[i]) { /* real values, whatever scale */
      for (size_t j = 0; j + 4U <= size; j += 4U) {
        const float real = (float)(int8_t)bytes[j] / 32.0F;
        memcpy(bytes + j, &real, sizeof real);
      }
    }
  }
}

static uint32_t crc_outputs(uint32_t crc) {
  size_t size;
  const uint8_t *bytes;
  for (size_t i = 0; (bytes = tg_tflm_output(i, &size)) != NULL; i++) {
    crc = tg_crc32(crc, bytes, size);
  }
  return crc;
}

static uint32_t run(size_t bytes, uint32_t invokes, uint32_t *crc) {
  uint32_t seed = 1U;
  *crc = 0U;
  for (uint32_t i = 0; i < invokes; i++) {
    fill_inputs(&seed);
    if (tg_tflm_invoke() != TG_TFLM_OK) {
      return TG_TFLM_INVOKE;
    }
    *crc = crc_outputs(*crc);
  }
  for (size_t i = bytes; i < bytes + GUARD; i++) {
    if (arena[i] != PAINT) {
      return STATUS_OVERRUN;
    }
  }
  return TG_TFLM_OK;
}

int main(void) {
  tg_hal_init();
  put_text("tg_probe ready\n");
  for (;;) {
    char line[40];
    const char *at = line;
    get_line(line, sizeof line);
    const uint32_t model = next_number(&at);
    const uint32_t bytes = next_number(&at);
    const uint32_t invokes = next_number(&at);
    if (bytes > TG_PROBE_ARENA_BYTES || bytes == 0U) {
      put_text("tg_probe?\n");
      continue;
    }
    /* Neither zeros nor what the run before left: what reads it unwritten is found out. */
    memset(arena, PAINT, bytes + GUARD);
    const uint64_t before = tg_hal_ticks();
    uint32_t status = (uint32_t)tg_tflm_start(
        tg_probe_model + (model == 0U ? 0U : TG_PROBE_ORIGINAL), arena, bytes);
    const uint64_t ticks = tg_hal_ticks() - before;
    uint32_t crc = 0U;
    if (status == TG_TFLM_OK) {
      status = run(bytes, invokes, &crc);
    }
    put_text("tg_probe");
    put_number(bytes);
    put_number(status);
    put_number(tg_tflm_arena_used());
    put_number(crc);
    put_number((uint32_t)ticks);
    put_text("\n");
  }
}
