/* Says on the serial port how many ticks nothing takes, then each layer of a model: a hexadecimal
 * number a line, then a full stop.
 *
 * LAYERS is a TICK(function) for each layer; they are in the same file, where they are static.
 */
#include "model.c"
#include "tg_hal.h"

#define TICK(layer)                          \
  do {                                       \
    const uint64_t start = tg_hal_ticks();   \
    layer();                                 \
    ticks[count++] = tg_hal_ticks() - start; \
  } while (0);

TG_LAYER void nothing(void) {
  __asm__ volatile("");
}

static void say(uint64_t number) {
  uint8_t line[17];
  for (int i = 15; i >= 0; i--) {
    line[i] = (uint8_t)"0123456789abcdef"[number & 15u];
    number >>= 4;
  }
  line[16] = '\n';
  tg_hal_write(line, sizeof line);
}

int main(void) {
  static uint64_t ticks[LAYER_COUNT + 1];
  uint32_t count = 0;
  tg_hal_init();
  if (model_init() == MODEL_OK) {
    TICK(nothing)
    LAYERS
    for (uint32_t i = 0; i < count; i++) {
      say(ticks[i]);
    }
  }
  tg_hal_write((const uint8_t *)".\n", 2);
  for (;;) {
  }
}
