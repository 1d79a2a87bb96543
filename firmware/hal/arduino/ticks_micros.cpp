/* Ticks of one microsecond, where the core has nothing finer. */
#include <Arduino.h>

#include "tg_ticks.h"

void tg_ticks_init(void) {
}

uint32_t tg_ticks_now(void) {
  return static_cast<uint32_t>(micros());
}

uint32_t tg_ticks_hz(void) {
  return 1000000U;
}

void tg_ticks_idle(void) {
  yield();
}
