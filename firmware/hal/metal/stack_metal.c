/* Freedom Metal starts the program and places its stack. */
#include "tg_hal.h"

uint32_t tg_hal_stack_used(void) {
  return 0;
}
