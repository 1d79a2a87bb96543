/* Start-up of the Xtensa simulator board: memory and the stack's paint. */
#include "tg_hal.h"
#include "tg_stack_mark.h"

/* main, or tg_construct_main before it: the linker script says which. */
int tg_main(void);

/* Placed by the linker script; only their addresses mean something. */
extern uint32_t tg_data_load[], tg_data_start[], tg_data_end[];
extern uint32_t tg_bss_start[], tg_bss_end[];
extern uint32_t tg_stack_bottom[], tg_stack_top[];

__attribute__((used, noreturn)) void tg_start(void);

#if defined(__XTENSA_WINDOWED_ABI__)
/* Cores with register windows spill them into their callers' frames, and fill them again, as the
 * Xtensa Instruction Set Architecture's chapter on the windowed register option has it: handlers at
 * fixed distances from VECBASE. What faults stays where it is. */
__asm(
    ".text\n\t"
    ".balign 1024\n"
    "tg_windows:\n\t"
    "s32e a0, a5, -16\n\t"
    "s32e a1, a5, -12\n\t"
    "s32e a2, a5, -8\n\t"
    "s32e a3, a5, -4\n\t"
    "rfwo\n\t"
    ".org tg_windows + 0x40\n\t"
    "l32e a0, a5, -16\n\t"
    "l32e a1, a5, -12\n\t"
    "l32e a2, a5, -8\n\t"
    "l32e a3, a5, -4\n\t"
    "rfwu\n\t"
    ".org tg_windows + 0x80\n\t"
    "s32e a0, a9, -16\n\t"
    "l32e a0, a1, -12\n\t"
    "s32e a1, a9, -12\n\t"
    "s32e a2, a9, -8\n\t"
    "s32e a3, a9, -4\n\t"
    "s32e a4, a0, -32\n\t"
    "s32e a5, a0, -28\n\t"
    "s32e a6, a0, -24\n\t"
    "s32e a7, a0, -20\n\t"
    "rfwo\n\t"
    ".org tg_windows + 0xC0\n\t"
    "l32e a0, a9, -16\n\t"
    "l32e a1, a9, -12\n\t"
    "l32e a2, a9, -8\n\t"
    "l32e a7, a1, -12\n\t"
    "l32e a3, a9, -4\n\t"
    "l32e a4, a7, -32\n\t"
    "l32e a5, a7, -28\n\t"
    "l32e a6, a7, -24\n\t"
    "l32e a7, a7, -20\n\t"
    "rfwu\n\t"
    ".org tg_windows + 0x100\n\t"
    "s32e a0, a13, -16\n\t"
    "l32e a0, a1, -12\n\t"
    "s32e a1, a13, -12\n\t"
    "s32e a2, a13, -8\n\t"
    "s32e a3, a13, -4\n\t"
    "s32e a4, a0, -48\n\t"
    "s32e a5, a0, -44\n\t"
    "s32e a6, a0, -40\n\t"
    "s32e a7, a0, -36\n\t"
    "s32e a8, a0, -32\n\t"
    "s32e a9, a0, -28\n\t"
    "s32e a10, a0, -24\n\t"
    "s32e a11, a0, -20\n\t"
    "rfwo\n\t"
    ".org tg_windows + 0x140\n\t"
    "l32e a0, a13, -16\n\t"
    "l32e a1, a13, -12\n\t"
    "l32e a2, a13, -8\n\t"
    "l32e a11, a1, -12\n\t"
    "l32e a3, a13, -4\n\t"
    "l32e a4, a11, -48\n\t"
    "l32e a5, a11, -44\n\t"
    "l32e a6, a11, -40\n\t"
    "l32e a7, a11, -36\n\t"
    "l32e a8, a11, -32\n\t"
    "l32e a9, a11, -28\n\t"
    "l32e a10, a11, -24\n\t"
    "l32e a11, a11, -20\n\t"
    "rfwu\n\t"
    ".rept 6\n\t"
    ".balign 64\n\t"
    "1: j 1b\n\t"
    ".endr\n\t"
    ".org tg_windows + 0x300\n\t"
    "1: j 1b\n\t"
    ".org tg_windows + 0x340\n\t"
    "1: j 1b\n\t"
    ".org tg_windows + 0x3C0\n\t"
    "1: j 1b\n"
    /* One window, interrupts off, no exception being handled (which would keep hardware loops from
     * looping), every coprocessor on; the first call is one with a window of its own. */
    "tg_first_window:\n\t"
    "movi a0, tg_windows\n\t"
    "wsr  a0, vecbase\n\t"
    "movi a0, 0\n\t"
    "wsr  a0, windowbase\n\t"
    "rsync\n\t"
    "movi a0, 1\n\t"
    "wsr  a0, windowstart\n\t"
    "movi a0, 0xFF\n\t"
    "wsr  a0, cpenable\n\t"
    "movi a0, 0x4000F\n\t"
    "wsr  a0, ps\n\t"
    "rsync\n\t"
    "movi a1, tg_stack_top\n\t"
    "movi a0, 0\n\t"
    "movi a4, tg_start\n\t"
    "callx4 a4\n\t");
#define TG_FIRST "tg_first_window"
#else
#define TG_FIRST "tg_start"
#endif

/* At the first address of flash. A jump first, over the constants that `movi` loads. */
__asm(
    ".section .vectors, \"ax\"\n\t"
    ".global tg_reset\n\t"
    ".align 4\n"
    "tg_reset:\n\t"
    "j 1f\n\t"
    ".align 4\n\t"
    ".literal_position\n"
    "1:\n\t"
    "movi a1, tg_stack_top\n\t"
    "movi a0, " TG_FIRST
    "\n\t"
    "jx a0\n\t"
    ".text\n\t");

void tg_start(void) {
  const uint32_t *from = tg_data_load;
  for (uint32_t *to = tg_data_start; to < tg_data_end;) {
    *to++ = *from++;
  }
  for (uint32_t *to = tg_bss_start; to < tg_bss_end;) {
    *to++ = 0U;
  }
  uint32_t *stack_pointer;
  __asm volatile("mov %0, a1" : "=r"(stack_pointer));
  tg_stack_paint(tg_stack_bottom, stack_pointer);
  (void)tg_main();
  for (;;) {
  }
}

uint32_t tg_hal_stack_used(void) {
  return tg_stack_most_used(tg_stack_bottom, tg_stack_top);
}
