/* A core that does not tell where it puts the stack. */
#include "tg_hal.h"
#include "tg_stack.h"

void tg_stack_init(void) {
}

uint32_t tg_hal_stack_used(void) {
  return 0;
}
