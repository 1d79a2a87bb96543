/* Start-up of bare-metal RISC-V boards: memory, the stack's paint, and faults. */
#include <string.h>

#include "tg_hal.h"
#include "tg_kept.h"
#include "tg_stack_mark.h"

/* main, or tg_construct_main before it: the linker script says which. */
int tg_main(void);

/* Placed by the linker script; only their addresses mean something. */
extern uint32_t tg_data_load[], tg_data_start[], tg_data_end[];
extern uint32_t tg_bss_start[], tg_bss_end[];
extern uint32_t tg_stack_bottom[], tg_stack_top[];

/* ---- from reset to main ---- */

__attribute__((used, noreturn)) static void start(void) {
  const uint32_t *from = tg_data_load;
  for (uint32_t *to = tg_data_start; to < tg_data_end;) {
    *to++ = *from++;
  }
  for (uint32_t *to = tg_bss_start; to < tg_bss_end;) {
    *to++ = 0U;
  }
  uint32_t *stack_pointer;
  __asm volatile("mv %0, sp" : "=r"(stack_pointer));
  tg_stack_paint(tg_stack_bottom, stack_pointer);
  tg_kept_start();
  (void)tg_main();
  for (;;) {
    __asm volatile("wfi");
  }
}

/* At the first address of flash. */
__attribute__((naked, noreturn, section(".vectors"), used)) void tg_reset(void);
void tg_reset(void) {
  __asm volatile(
      "la sp, tg_stack_top\n\t"
      "la t0, fault_handler\n\t"
      "csrw mtvec, t0\n\t"
      "tail start\n\t");
}

uint32_t tg_hal_stack_used(void) {
  return tg_stack_most_used(tg_stack_bottom, tg_stack_top);
}

/* ---- faults: keep where, say it on the serial port, then sleep ---- */

static void say(const char *text) {
  tg_hal_write((const uint8_t *)text, strlen(text));
}

/* Below the stack lies no RAM, so its overflow is an access fault near its bottom. The core has
 * nothing to reset itself with but its watchdog, which is not used. */
__attribute__((used, noreturn)) static void report_fault(uint32_t cause, uint32_t pc,
                                                         uint32_t value) {
  tg_kept_begin();
  if (value < (uint32_t)(uintptr_t)tg_stack_bottom &&
      value >= (uint32_t)(uintptr_t)tg_stack_bottom - 4096U) {
    tg_kept_text("tg_fault: stack overflow");
  } else {
    tg_kept_hex("tg_fault: pc 0x", pc);
    tg_kept_hex(" cause 0x", cause);
    tg_kept_hex(" address 0x", value);
  }
  say("\r\n");
  say(tg_kept_end());
  say("\r\n");
  for (;;) {
    __asm volatile("wfi");
  }
}

/* Nothing returns from here: start again from the stack's top. */
__attribute__((naked, noreturn, aligned(4), used)) static void fault_handler(void) {
  __asm volatile(
      "csrr a0, mcause\n\t"
      "csrr a1, mepc\n\t"
      "csrr a2, mtval\n\t"
      "la sp, tg_stack_top\n\t"
      "tail report_fault\n\t");
}
