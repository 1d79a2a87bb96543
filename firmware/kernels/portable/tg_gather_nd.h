/* GATHER_ND: slices of a tensor, picked by positions that are data. */
#ifndef TG_PORTABLE_GATHER_ND_H
#define TG_PORTABLE_GATHER_ND_H

#include <stddef.h>
#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_gather_nd_params {
  int32_t picks;       /* positions */
  int32_t depth;       /* numbers of one, 0 to 6 */
  int32_t sizes[6];    /* of the dimensions that they count in */
  int32_t steps[6];    /* bytes from one to the next there */
  int32_t slice_bytes; /* moved at once */
};

/* A position that points outside, which no runtime defines, picks the nearest slice there is. */
TG_INLINE void tg_portable_gather_nd(const struct tg_portable_gather_nd_params *p,
                                     const void *input, const int32_t *positions, void *output) {
  uint8_t *to = (uint8_t *)output;
  for (int32_t pick = 0; pick < p->picks; ++pick) {
    const uint8_t *from = (const uint8_t *)input;
    for (int32_t i = 0; i < p->depth; ++i) {
      from += p->steps[i] * tg_clamp(positions[i], 0, p->sizes[i] - 1);
    }
    memcpy(to, from, (size_t)p->slice_bytes);
    to += p->slice_bytes;
    positions += p->depth;
  }
}

#endif /* TG_PORTABLE_GATHER_ND_H */
