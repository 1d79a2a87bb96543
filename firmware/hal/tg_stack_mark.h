/* How far a stack that grows down has come: what is free is painted at the start, and where the
 * paint ends is the mark. */
#ifndef TG_STACK_MARK_H
#define TG_STACK_MARK_H

#include <stdint.h>

#define TG_STACK_PAINT 0x5A5AA5A5U

/* Everything below the stack pointer is free. Part of its caller, whose frame is above that; and
 * volatile, or the loop becomes a call of memset, which would paint over its own frame. */
__attribute__((always_inline)) static inline void tg_stack_paint(uint32_t *bottom,
                                                                 const uint32_t *stack_pointer) {
  for (volatile uint32_t *word = bottom; word < stack_pointer;) {
    *word++ = TG_STACK_PAINT;
  }
}

/* The most bytes that were ever used of a stack from `bottom` to `top`. */
static inline uint32_t tg_stack_most_used(const uint32_t *bottom, const uint32_t *top) {
  const volatile uint32_t *word = bottom;
  while (word < top && *word == TG_STACK_PAINT) {
    word++;
  }
  return (uint32_t)((uintptr_t)top - (uintptr_t)word);
}

#endif /* TG_STACK_MARK_H */
