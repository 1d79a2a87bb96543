/* The stack of an AVR, which grows down from RAM's end towards the variables, with nothing in
 * between: what is free is painted, and where the paint ends tells how far the stack has come. */
#include <Arduino.h>

#include "tg_hal.h"
#include "tg_stack.h"

#define PAINT 0xC5
#define MARGIN 16 /* bytes below the stack pointer that an interrupt may be using */

extern "C" uint8_t __heap_start; /* of the linker: the first byte behind the variables */

void tg_stack_init(void) {
  uint8_t *const end = reinterpret_cast<uint8_t *>(SP) - MARGIN;
  for (uint8_t *at = &__heap_start; at < end; at++) {
    *at = PAINT;
  }
}

uint32_t tg_hal_stack_used(void) {
  const uint8_t *const end = reinterpret_cast<const uint8_t *>(RAMEND) + 1;
  const uint8_t *at = &__heap_start;
  while (at < end && *at == PAINT) {
    at++;
  }
  return static_cast<uint32_t>(end - at);
}
