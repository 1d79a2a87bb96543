/* What started the chip, for the Arduino port: one reset_*.cpp per chip or core, chosen by the
 * board. */
#ifndef TG_RESET_H
#define TG_RESET_H

#include <stddef.h>
#include <stdint.h>

#include "tg_hal.h"

/* Asked once, early: what chips keep of it is cleared by reading, so that it is not the next
 * start's too. */
enum tg_reset tg_reset_read(void);

/* A flag of a chip's register, and what it stands for. */
struct tg_reset_flag {
  uint32_t mask;
  enum tg_reset reason;
};

/* The first of these that is set: of several, a chip sets also those that follow from it. */
template <size_t count>
inline enum tg_reset tg_reset_first(uint32_t flags, const struct tg_reset_flag (&known)[count]) {
  for (size_t i = 0; i < count; i++) {
    if ((flags & known[i].mask) != 0U) {
      return known[i].reason;
    }
  }
  return TG_RESET_UNKNOWN;
}

/* A register, where a test puts none in its place. */
#ifndef TG_REGISTER
#define TG_REGISTER(address) (*reinterpret_cast<volatile uint32_t *>(address))
#endif

#endif /* TG_RESET_H */
