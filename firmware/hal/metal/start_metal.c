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
