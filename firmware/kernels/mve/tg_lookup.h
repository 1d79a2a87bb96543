/* Any function of one int8 code with Helium, sixteen codes at a time: output = table[input]. */
#ifndef TG_MVE_LOOKUP_H
#define TG_MVE_LOOKUP_H

#include <stdint.h>

#include "tg_fixed_point.h"

struct tg_mve_lookup_params {
  int32_t count;                /* elements */
  const TG_FLASH int8_t *table; /* 256 entries: entry i is for the code whose byte is i */
};

/* May run in place. */
TG_INLINE void tg_mve_lookup(const struct tg_mve_lookup_params *p, const int8_t *input,
                             int8_t *output) {
  __asm__ volatile(
      "dlstp.8  lr, %[count]\n"
      "1:\n"
      "vldrb.u8 q0, [%[input]], #16\n"
      "vldrb.u8 q1, [%[table], q0]\n"
      "vstrb.8  q1, [%[output]], #16\n"
      "letp     lr, 1b\n"
      : [input] "+r"(input), [output] "+r"(output)
      : [table] "r"(p->table), [count] "r"(p->count)
      : "q0", "q1", "lr", "memory");
}

#endif /* TG_MVE_LOOKUP_H */
