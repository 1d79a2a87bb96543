/* The stack of the ESP32 core's loop task: FreeRTOS knows the least that was ever free of it, in
 * bytes here. */
#include <Arduino.h>

#include "tg_hal.h"
#include "tg_stack.h"

void tg_stack_init(void) {
}

uint32_t tg_hal_stack_used(void) {
  const size_t size = getArduinoLoopTaskStackSize();
  return static_cast<uint32_t>(size) - static_cast<uint32_t>(uxTaskGetStackHighWaterMark(NULL));
}
