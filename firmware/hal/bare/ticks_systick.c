/* Ticks from the Cortex-M system timer: 24 bits counting down, extended to 64. */
#include "tg_bare.h"
#include "tg_hal.h"

#define SYST_CSR TG_REGISTER(0xE000E010U)
#define SYST_RVR TG_REGISTER(0xE000E014U)
#define SYST_CVR TG_REGISTER(0xE000E018U)
#define SCB_ICSR TG_REGISTER(0xE000ED04U)

#define CSR_ENABLE (1U << 0)
#define CSR_INTERRUPT (1U << 1)
#define CSR_PROCESSOR_CLOCK (1U << 2)
#define ICSR_SYSTICK_CLEAR (1U << 25)
#define ICSR_SYSTICK_PENDING (1U << 26)

#define TICK_BITS 24U
#define TICK_MASK ((1U << TICK_BITS) - 1U)

/* Ticks before the counter was last restarted, and since then every time it came round. */
static volatile uint64_t ticks_before;

void tg_systick_handler(void) {
  ticks_before += 1U << TICK_BITS;
}

void tg_ticks_init(void) {
  SYST_RVR = TICK_MASK;
  SYST_CVR = 0U;
  tg_ticks_resume();
}

void tg_ticks_pause(void) {
  SYST_CSR = CSR_PROCESSOR_CLOCK | CSR_INTERRUPT;
}

void tg_ticks_resume(void) {
  SYST_CSR = CSR_PROCESSOR_CLOCK | CSR_INTERRUPT | CSR_ENABLE;
}

/* Each reading restarts the counter. So the same work between two readings takes the same number
 * of ticks, to the last one, and is interrupted at the same places, whenever it is started; the
 * price is the few ticks of the reading itself.
 *
 * The counter is cleared by writing it and loads RVR at the next tick, so 0 means no tick yet, and
 * -count is how many there were. The interrupt becomes pending when it comes down to 0 again. */
uint64_t tg_hal_ticks(void) {
  const uint32_t state = tg_irq_hold();
  tg_ticks_pause();
  uint64_t ticks = ticks_before + ((0U - SYST_CVR) & TICK_MASK);
  if ((SCB_ICSR & ICSR_SYSTICK_PENDING) != 0U) {
    SCB_ICSR = ICSR_SYSTICK_CLEAR;
    ticks += 1U << TICK_BITS;
  }
  ticks_before = ticks;
  SYST_CVR = 0U;
  tg_ticks_resume();
  tg_irq_restore(state);
  return ticks;
}
