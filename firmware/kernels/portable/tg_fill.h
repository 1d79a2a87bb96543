/* Sets every byte of the output, as padding does before the inside is copied. */
#ifndef TG_PORTABLE_FILL_H
#define TG_PORTABLE_FILL_H

#include <stddef.h>
#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_fill_params {
  int32_t count; /* bytes */
  int32_t value; /* a code, -128 to 127 */
};

TG_INLINE void tg_portable_fill(const struct tg_portable_fill_params *p, void *output) {
  memset(output, (int)(uint8_t)p->value, (size_t)p->count);
}

#endif /* TG_PORTABLE_FILL_H */
