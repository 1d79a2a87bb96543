/* Why a chip of the ESP32 family was reset, as Espressif's own start-up code has found out. */
#ifndef TG_RESET_ESP_H
#define TG_RESET_ESP_H

#include <esp_system.h>

#include "tg_hal.h"

static inline enum tg_reset tg_reset_esp(esp_reset_reason_t reason) {
  switch (reason) {
    case ESP_RST_POWERON:
      return TG_RESET_POWER_ON; /* or the pin EN, which the ESP32 cannot tell from it */
    case ESP_RST_EXT:
      return TG_RESET_PIN;
    case ESP_RST_SW:
      return TG_RESET_SOFTWARE;
    case ESP_RST_PANIC:
      return TG_RESET_FAULT;
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
      return TG_RESET_WATCHDOG;
    case ESP_RST_DEEPSLEEP:
      return TG_RESET_SLEEP;
    case ESP_RST_BROWNOUT:
      return TG_RESET_BROWN_OUT;
    default:
      return TG_RESET_UNKNOWN;
  }
}

#endif /* TG_RESET_ESP_H */
