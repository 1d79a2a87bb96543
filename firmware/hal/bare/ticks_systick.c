/* Ticks from the Cortex-M system timer: 24 bits counting down, extended to 64 by its interrupt. */
#include "tg_bare.h"
#include "tg_hal.h"

#define SYST_CSR TG_REGISTER(0xE000E010U)
#define SYST_RVR TG_REGISTER(0xE000E014U)
#define SYST_CVR TG_REGISTER(0xE000E018U)
#define SCB_ICSR TG_REGISTER(0xE000ED04U)

#define CSR_ENABLE (1U << 0)
#define CSR_INTERRUPT (1U << 1)
#define CSR_PROCESSOR_CLOCK (1U << 2)
#define ICSR_SYSTICK_PENDING (1U << 26)

#define TICK_BITS 24U
#define TICK_MASK ((1U << TICK_BITS) - 1U)

static volatile uint32_t wraps;

void tg_systick_handler(void) {
  wraps = wraps + 1U;
}

void tg_ticks_init(void) {
  SYST_RVR = TICK_MASK;
  SYST_CVR = 0U; /* any write clears it; the first tick loads RVR */
  tg_ticks_resume();
}

void tg_ticks_pause(void) {
  SYST_CSR = CSR_PROCESSOR_CLOCK | CSR_INTERRUPT;
}

void tg_ticks_resume(void) {
  SYST_CSR = CSR_PROCESSOR_CLOCK | CSR_INTERRUPT | CSR_ENABLE;
}

/* The interrupt becomes pending when the counter reaches 0, so a count of 0 belongs to the next
 * wrap: -count, not RVR - count. A wrap between reading the counter and the pending bit shows in
 * the bit; the counter is then read again, now surely after the wrap. */
uint64_t tg_hal_ticks(void) {
  const uint32_t state = tg_irq_hold();
  uint32_t count = SYST_CVR;
  uint64_t high = wraps;
  if ((SCB_ICSR & ICSR_SYSTICK_PENDING) != 0U) {
    count = SYST_CVR;
    high++;
  }
  tg_irq_restore(state);
  return (high << TICK_BITS) | ((0U - count) & TICK_MASK);
}
