/* Moves blocks of bytes from where one table says to where another says: resizing to the nearest
 * neighbour, mirrored borders, batches made of space, elements picked by constant indices. */
#ifndef TG_PORTABLE_RELOCATE_H
#define TG_PORTABLE_RELOCATE_H

#include <stddef.h>
#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_relocate_params {
  int32_t dims[4];              /* loop counts, outermost first */
  int32_t block_bytes;          /* moved at once */
  const TG_FLASH int32_t *from; /* bytes into the input, for each round of each loop in turn */
  const TG_FLASH int32_t *to;   /* bytes into the output likewise; the loops' numbers add up */
};

TG_INLINE void tg_portable_relocate(const struct tg_portable_relocate_params *p, const void *input,
                                    void *output) {
  const int32_t second = p->dims[0];
  const int32_t third = second + p->dims[1];
  const int32_t fourth = third + p->dims[2];
  for (int32_t i0 = 0; i0 < p->dims[0]; ++i0) {
    for (int32_t i1 = second; i1 < third; ++i1) {
      for (int32_t i2 = third; i2 < fourth; ++i2) {
        const uint8_t *in = (const uint8_t *)input + (p->from[i0] + p->from[i1] + p->from[i2]);
        uint8_t *out = (uint8_t *)output + (p->to[i0] + p->to[i1] + p->to[i2]);
        for (int32_t i3 = fourth; i3 < fourth + p->dims[3]; ++i3) {
          memcpy(out + p->to[i3], in + p->from[i3], (size_t)p->block_bytes);
        }
      }
    }
  }
}

#endif /* TG_PORTABLE_RELOCATE_H */
