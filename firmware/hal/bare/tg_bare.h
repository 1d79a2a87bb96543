/* The parts of a bare-metal port, and the board's numbers they are compiled with.
 *
 * The numbers come from the board file through the build (platforms/tinygen):
 *   TG_TICK_HZ           ticks of the system timer per second
 *   TG_UART_BASE         address of the serial port's registers
 *   TG_UART_IRQ          its receive interrupt's number
 *   TG_UART_BAUD         bits per second
 */
#ifndef TG_BARE_H
#define TG_BARE_H

#include <stddef.h>
#include <stdint.h>

#if !defined(TG_TICK_HZ) || !defined(TG_UART_BASE) || !defined(TG_UART_IRQ) || \
    !defined(TG_UART_BAUD)
#error "The board's numbers are missing: build with the board's own flags."
#endif

#define TG_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* ---- processor: startup_cortex_m.c ---- */

/* What the vector table calls. */
void tg_systick_handler(void);
void tg_uart_handler(void);

/* Let interrupt number `irq` through. */
void tg_irq_enable(uint32_t irq);

/* Hold all interrupts; returns what tg_irq_restore() needs to undo it. */
static inline uint32_t tg_irq_hold(void) {
  uint32_t state;
  __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(state)::"memory");
  return state;
}

static inline void tg_irq_restore(uint32_t state) {
  __asm volatile("msr primask, %0" ::"r"(state) : "memory");
}

/* Sleep until an interrupt is pending, also one that is held back. */
static inline void tg_wait_for_interrupt(void) {
  __asm volatile("dsb\n\twfi" ::: "memory");
}

/* ---- ticks: ticks_systick.c ---- */

void tg_ticks_init(void);
void tg_ticks_pause(void);
void tg_ticks_resume(void);

/* ---- bytes that have arrived: tg_hal_bare.c ---- */

/* Called by the UART driver's interrupt handler. */
int tg_rx_has_room(void);
void tg_rx_push(uint8_t byte);

/* ---- serial port: one uart_*.c per kind ---- */

void tg_uart_init(void);

/* Send one byte, waiting until the port takes it. */
void tg_uart_put(uint8_t byte);

/* There is room for received bytes again: let the receive interrupt through. */
void tg_uart_receive(void);

#endif /* TG_BARE_H */
