/* One element, which may be data, over and over: FILL, borders that are computed or of words. */
#ifndef TG_PORTABLE_FILL_WITH_H
#define TG_PORTABLE_FILL_WITH_H

#include <stddef.h>
#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_fill_with_params {
  int32_t count;         /* elements of the output */
  int32_t element_bytes; /* 1 to 8 */
};

TG_INLINE void tg_portable_fill_with(const struct tg_portable_fill_with_params *p,
                                     const void *input, void *output) {
  uint8_t *to = (uint8_t *)output;
  for (int32_t i = 0; i < p->count; ++i) {
    memcpy(to, input, (size_t)p->element_bytes);
    to += p->element_bytes;
  }
}

#endif /* TG_PORTABLE_FILL_WITH_H */
