/* The status register of an AVR. Boot loaders clear it before they start the sketch: then nothing
 * is known. */
#include <Arduino.h>

#include "tg_reset.h"

static const struct tg_reset_flag flags[] = {
    {_BV(WDRF), TG_RESET_WATCHDOG},
    {_BV(BORF), TG_RESET_BROWN_OUT},
    {_BV(EXTRF), TG_RESET_PIN},
    {_BV(PORF), TG_RESET_POWER_ON},
};

enum tg_reset tg_reset_read(void) {
  const uint8_t status = MCUSR;
  MCUSR = 0;
  return tg_reset_first(status, flags);
}
