/* Start-up of the Xtensa simulator board: memory and the stack's paint. */
#include "tg_hal.h"
#include "tg_stack_mark.h"

int main(void);

/* Placed by the linker script; only their addresses mean something. */
extern uint32_t tg_data_load[], tg_data_start[], tg_data_end[];
extern uint32_t tg_bss_start[], tg_bss_end[];
extern uint32_t tg_stack_bottom[], tg_stack_top[];

__attribute__((used, noreturn)) void tg_start(void);

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
    "movi a0, tg_start\n\t"
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
  (void)main();
  for (;;) {
  }
}

uint32_t tg_hal_stack_used(void) {
  return tg_stack_most_used(tg_stack_bottom, tg_stack_top);
}
