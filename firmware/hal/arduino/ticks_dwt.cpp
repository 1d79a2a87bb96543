/* Processor cycles of a Cortex-M3 or larger, from its debug unit; microseconds where that stands
 * still, as it does in some secure states. Registers by address: cores disagree on the headers. */
#include <Arduino.h>

#include "tg_ticks.h"

#ifndef TG_REGISTER
#define TG_REGISTER(address) (*reinterpret_cast<volatile uint32_t *>(address))
#endif

#define DEMCR TG_REGISTER(0xE000EDFCU)
#define DWT_CTRL TG_REGISTER(0xE0001000U)
#define DWT_CYCCNT TG_REGISTER(0xE0001004U)
#define DWT_LAR TG_REGISTER(0xE0001FB0U)

#define DEMCR_TRACE (1U << 24)
#define CTRL_CYCCNT (1U << 0)
#define LAR_UNLOCK 0xC5ACCE55U

#define CALIBRATION_US 20000U

static uint32_t hz; /* 0: the cycle counter does not count */

/* Cores state their clock in different ways, and not always rightly. Clocks are whole megahertz.
 * The counter runs on from where it is: a core's own micros() may be made of it. */
void tg_ticks_init(void) {
  DEMCR = DEMCR | DEMCR_TRACE;
  DWT_LAR = LAR_UNLOCK; /* the Cortex-M7 asks for it */
  DWT_CTRL = DWT_CTRL | CTRL_CYCCNT;
  const uint32_t start_us = static_cast<uint32_t>(micros());
  const uint32_t start = DWT_CYCCNT;
  uint32_t us;
  do {
    us = static_cast<uint32_t>(micros()) - start_us;
  } while (us < CALIBRATION_US);
  const uint32_t cycles = DWT_CYCCNT - start;
  hz = (cycles + us / 2U) / us * 1000000U;
}

uint32_t tg_ticks_now(void) {
  return hz != 0U ? DWT_CYCCNT : static_cast<uint32_t>(micros());
}

uint32_t tg_ticks_hz(void) {
  return hz != 0U ? hz : 1000000U;
}

void tg_ticks_idle(void) {
  yield();
}
