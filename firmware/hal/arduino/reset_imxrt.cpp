/* SRC_SRSR of the i.MX RT (Teensy 4). A software reset and a lock-up have one flag, and so have the
 * pin and power; Teensy's core resets after a fault, and keeps its registers for its CrashReport.
 */
#include <Arduino.h>

#include "tg_reset.h"

#define SRC_STATUS TG_REGISTER(0x400F8008U)

static const struct tg_reset_flag flags[] = {
    {1U << 4 | 1U << 7, TG_RESET_WATCHDOG}, /* WDOG, WDOG3 */
    {1U << 5 | 1U << 6, TG_RESET_DEBUG},    /* JTAG, JTAG_SW */
    {1U << 1, TG_RESET_SOFTWARE},           /* LOCKUP_SYSRESETREQ */
    {1U << 3, TG_RESET_PIN},                /* IPP_USER_RESET_B */
    {1U << 0, TG_RESET_POWER_ON},           /* IPP_RESET_B */
};

enum tg_reset tg_reset_read(void) {
  const uint32_t found = SRC_STATUS;
  SRC_STATUS = found; /* a one clears */
  return tg_reset_first(found, flags);
}
