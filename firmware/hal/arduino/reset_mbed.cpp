/* Arduino's mbed cores, where the chip's port of Mbed OS knows. */
#include <Arduino.h>
#include <hal/reset_reason_api.h>

#include "tg_reset.h"

#if DEVICE_RESET_REASON

enum tg_reset tg_reset_read(void) {
  const reset_reason_t reason = hal_reset_reason_get();
  hal_reset_reason_clear();
  switch (reason) {
    case RESET_REASON_POWER_ON:
      return TG_RESET_POWER_ON;
    case RESET_REASON_PIN_RESET:
      return TG_RESET_PIN;
    case RESET_REASON_BROWN_OUT:
      return TG_RESET_BROWN_OUT;
    case RESET_REASON_SOFTWARE:
      return TG_RESET_SOFTWARE;
    case RESET_REASON_WATCHDOG:
      return TG_RESET_WATCHDOG;
    case RESET_REASON_LOCKUP:
    case RESET_REASON_ACCESS_ERROR:
      return TG_RESET_FAULT;
    case RESET_REASON_WAKE_LOW_POWER:
      return TG_RESET_SLEEP;
    default:
      return TG_RESET_UNKNOWN;
  }
}

#else

enum tg_reset tg_reset_read(void) {
  return TG_RESET_UNKNOWN;
}

#endif
