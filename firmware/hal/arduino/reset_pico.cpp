/* RP2040 and RP2350 under arduino-pico, which reads their registers. */
#include <Arduino.h>

#include "tg_reset.h"

enum tg_reset tg_reset_read(void) {
  switch (rp2040.getResetReason()) {
    case RP2040::PWRON_RESET:
      return TG_RESET_POWER_ON;
    case RP2040::RUN_PIN_RESET:
      return TG_RESET_PIN;
    case RP2040::SOFT_RESET:
      return TG_RESET_SOFTWARE;
    case RP2040::WDT_RESET:
      return TG_RESET_WATCHDOG;
    case RP2040::DEBUG_RESET:
      return TG_RESET_DEBUG;
    case RP2040::GLITCH_RESET:
    case RP2040::BROWNOUT_RESET:
      return TG_RESET_BROWN_OUT;
    default:
      return TG_RESET_UNKNOWN;
  }
}
