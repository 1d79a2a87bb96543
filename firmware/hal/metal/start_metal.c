/* Freedom Metal starts the program: it sets up the clock, the serial port and the stack. */
#include <metal/machine.h>
#include <metal/tty.h>

#include "tg_hal.h"
#include "tg_stack_mark.h"

_Static_assert(__METAL_DT_STDOUT_UART_BAUD == TG_SERIAL_BAUD,
               "Freedom Metal opens the serial port at another speed");

/* The port's pins and divisor are set before main() only in a program that links Freedom Metal's
 * console, and nothing here prints. */
__attribute__((used)) static int (*const links_the_console)(int) = metal_tty_putc;

/* Placed by the linker script; only their addresses mean something. */
extern uint32_t metal_segment_stack_begin[], metal_segment_stack_end[];

__attribute__((constructor)) static void paint_stack(void) {
  uint32_t *stack_pointer;
  __asm volatile("mv %0, sp" : "=r"(stack_pointer));
  tg_stack_paint(metal_segment_stack_begin, stack_pointer);
}

uint32_t tg_hal_stack_used(void) {
  return tg_stack_most_used(metal_segment_stack_begin, metal_segment_stack_end);
}

/* Of the FE310's part that has power when nothing else has: what woke the core, and why it was
 * reset. */
#define PMU_CAUSE (*(const volatile uint32_t *)0x10000144U)
#define CAUSE_WOKE(cause) ((cause) & 0xFFU)
#define CAUSE_RESET(cause) ((cause) >> 8 & 0xFFU)

enum tg_reset tg_hal_reset_reason(void) {
  static const uint8_t resets[] = {TG_RESET_POWER_ON, TG_RESET_PIN, TG_RESET_WATCHDOG};
  const uint32_t cause = PMU_CAUSE;
  if (CAUSE_WOKE(cause) != 0U) {
    return TG_RESET_SLEEP;
  }
  return CAUSE_RESET(cause) < sizeof resets ? (enum tg_reset)resets[CAUSE_RESET(cause)]
                                            : TG_RESET_UNKNOWN;
}

/* A fault is Freedom Metal's, which keeps nothing of it. */
const char *tg_hal_last_fault(void) {
  return "";
}
