/* Start-up of every Cortex-M board: vector table, memory, FPU, the stack's paint, and faults. */
#include <stdint.h>

#include "tg_bare.h"
#include "tg_hal.h"
#include "tg_kept.h"
#include "tg_stack_mark.h"

/* main, or tg_construct_main before it: the linker script says which. */
int tg_main(void);

/* Placed by the linker script; only their addresses mean something. */
extern uint32_t tg_data_load[], tg_data_start[], tg_data_end[];
extern uint32_t tg_bss_start[], tg_bss_end[];
extern uint32_t tg_stack_bottom[], tg_stack_top[];

#define NVIC_ISER(n) TG_REGISTER(0xE000E100U + 4U * (n))
#define SCB_AIRCR TG_REGISTER(0xE000ED0CU)
#define SCB_CFSR TG_REGISTER(0xE000ED28U)
#define SCB_HFSR TG_REGISTER(0xE000ED2CU)
#define SCB_MMFAR TG_REGISTER(0xE000ED34U)
#define SCB_BFAR TG_REGISTER(0xE000ED38U)
#define AIRCR_RESET 0x05FA0004U
#define CFSR_MMFAR_VALID (1U << 7)
#define CFSR_BFAR_VALID (1U << 15)

void tg_irq_enable(uint32_t irq) {
  NVIC_ISER(irq / 32U) = 1U << (irq % 32U);
}

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
  __asm volatile("mov %0, sp" : "=r"(stack_pointer));
  tg_stack_paint(tg_stack_bottom, stack_pointer);
  tg_kept_start();
  (void)tg_main();
  for (;;) {
    tg_wait_for_interrupt();
  }
}

/* In assembly, because compiled code may use the FPU's registers for anything, even copying. */
__attribute__((naked, noreturn)) void tg_reset(void);
void tg_reset(void) {
  __asm volatile(
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
      "ldr r0, =0xE000ED88\n\t" /* CPACR: full access to CP10 and CP11 */
      "ldr r1, [r0]\n\t"
      "movs r2, #0xF\n\t"
      "lsls r2, r2, #20\n\t"
      "orrs r1, r2\n\t"
      "str r1, [r0]\n\t"
      "dsb\n\t"
      "isb\n\t"
#endif
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
      "ldr r0, =tg_stack_bottom\n\t"
      "msr msplim, r0\n\t"
#endif
      "bl start\n\t"
      ".ltorg\n\t");
}

uint32_t tg_hal_stack_used(void) {
  return tg_stack_most_used(tg_stack_bottom, tg_stack_top);
}

/* ---- faults: keep where, say it on the serial port, then start anew ---- */

__attribute__((noinline)) static void say(const char *text) {
  while (*text != '\0') {
    tg_uart_put((uint8_t)*text++);
  }
}

/* `frame` is what the processor stacked: r0-r3, r12, lr, pc, xpsr; NULL if the stack overflowed.
 *
 * A program that comes to a fault again right after one stays there: it would not end. */
__attribute__((used, noreturn)) static void report_fault(const uint32_t *frame) {
  const int again = tg_hal_reset_reason() == TG_RESET_FAULT;
  tg_kept_begin();
  if (frame == NULL) {
    tg_kept_text("tg_fault: stack overflow");
  } else {
    tg_kept_hex("tg_fault: pc 0x", frame[6]);
    tg_kept_hex(" lr 0x", frame[5]);
  }
#if __ARM_ARCH > 6 && !defined(__ARM_ARCH_8M_BASE__)
  const uint32_t cfsr = SCB_CFSR;
  tg_kept_hex(" cfsr 0x", cfsr);
  tg_kept_hex(" hfsr 0x", SCB_HFSR);
  if ((cfsr & CFSR_BFAR_VALID) != 0U) {
    tg_kept_hex(" address 0x", SCB_BFAR);
  } else if ((cfsr & CFSR_MMFAR_VALID) != 0U) {
    tg_kept_hex(" address 0x", SCB_MMFAR);
  }
#endif
  say("\r\n");
  say(tg_kept_end());
  say("\r\n");
  if (!again) {
    SCB_AIRCR = AIRCR_RESET;
  }
  for (;;) {
    tg_wait_for_interrupt();
  }
}

/* With too little stack left to run on, start again from its top: nothing returns from here. */
__attribute__((naked, noreturn)) static void fault_handler(void) {
  __asm volatile(
      "cpsid i\n\t"
      "mov r0, sp\n\t"
      "ldr r1, =tg_stack_bottom + 128\n\t"
      "cmp r0, r1\n\t"
      "bhs 1f\n\t"
      "ldr r1, =tg_stack_top\n\t"
      "mov sp, r1\n\t"
      "movs r0, #0\n"
      "1:\n\t"
      "bl report_fault\n\t"
      ".ltorg\n\t");
}

/* ---- the vector table ---- */

typedef union {
  uint32_t *stack;
  void (*handler)(void);
} vector;

#define SYSTEM_VECTORS 16U

/* Entries up to the serial port's interrupt; no other one is ever enabled. */
__attribute__((section(".vectors"),
               used)) static const vector vectors[SYSTEM_VECTORS + TG_UART_IRQ + 1U] = {
    [0] = {.stack = tg_stack_top},
    [1] = {.handler = tg_reset},
    [2] = {.handler = fault_handler},
    [3] = {.handler = fault_handler},
    [4] = {.handler = fault_handler},
    [5] = {.handler = fault_handler},
    [6] = {.handler = fault_handler},
    [7] = {.handler = fault_handler},
    [15] = {.handler = tg_systick_handler},
    [SYSTEM_VECTORS + TG_UART_IRQ] = {.handler = tg_uart_handler},
};
