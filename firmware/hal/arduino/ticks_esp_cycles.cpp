/* Processor cycles of the ESP32 family. */
#include <Arduino.h>

#include "tg_ticks.h"

void tg_ticks_init(void) {
}

uint32_t tg_ticks_now(void) {
  return ESP.getCycleCount();
}

uint32_t tg_ticks_hz(void) {
  return static_cast<uint32_t>(ESP.getCpuFreqMHz()) * 1000000U;
}

/* A millisecond for the idle task, which feeds the watchdog. */
void tg_ticks_idle(void) {
  delay(1);
}
