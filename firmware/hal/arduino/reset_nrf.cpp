/* RESETREAS of the nRF51 and nRF52, which gathers flags until they are cleared. No flag means that
 * power came on, or was too low: the chip cannot tell which. */
#include <Arduino.h>

#include "tg_reset.h"

#define POWER_RESETREAS TG_REGISTER(0x40000400U)

static const struct tg_reset_flag flags[] = {
    {1U << 1, TG_RESET_WATCHDOG}, /* DOG */
    {1U << 3, TG_RESET_FAULT},    /* LOCKUP */
    {1U << 2, TG_RESET_SOFTWARE}, /* SREQ */
    {1U << 18, TG_RESET_DEBUG},   /* DIF */
    {0x1F0000U, TG_RESET_SLEEP},  /* OFF, LPCOMP, NFC, VBUS: what ends System OFF */
    {1U << 0, TG_RESET_PIN},      /* RESETPIN */
};

static uint32_t take(void) {
#if defined(ARDUINO_NRF52_ADAFRUIT)
  return readResetReason(); /* the core has read and cleared it */
#else
  const uint32_t found = POWER_RESETREAS;
  POWER_RESETREAS = found;
  return found;
#endif
}

enum tg_reset tg_reset_read(void) {
  const uint32_t found = take();
  return found == 0U ? TG_RESET_POWER_ON : tg_reset_first(found, flags);
}
