/* Any function of one int8 code: output = table[input]. */
#ifndef TG_PORTABLE_LOOKUP_H
#define TG_PORTABLE_LOOKUP_H

#include "tg_fixed_point.h"

struct tg_portable_lookup_params {
  int32_t count;                /* elements */
  const TG_FLASH int8_t *table; /* 256 entries: entry i is for the code whose byte is i */
};

/* May run in place. */
TG_INLINE void tg_portable_lookup(const struct tg_portable_lookup_params *p, const int8_t *input,
                                  int8_t *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    output[i] = p->table[(uint8_t)input[i]];
  }
}

#endif /* TG_PORTABLE_LOOKUP_H */
