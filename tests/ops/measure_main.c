/* Writes to the file ticks.out how many ticks nothing takes, then each layer of a model, as
 * uint64_t.
 *
 * LAYERS is a TICK(function) for each layer; they are in the same file, where they are static.
 */
#include "model.c"
#include "semihost.h"
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

int main(void) {
  static uint64_t ticks[1024];
  uint32_t count = 0;
  tg_hal_init();
  if (model_init() != MODEL_OK) {
    semihost_exit(10);
  }
  TICK(nothing)
  LAYERS
  const uint32_t file = semihost_open("ticks.out", 9, SEMIHOST_WRITING);
  semihost_exit(semihost_write(file, ticks, count * (uint32_t)sizeof ticks[0]));
  return 0;
}
