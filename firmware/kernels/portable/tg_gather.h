/* GATHER: slices of a tensor, picked by indices that are data. */
#ifndef TG_PORTABLE_GATHER_H
#define TG_PORTABLE_GATHER_H

#include <stddef.h>
#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_gather_params {
  int32_t batches;     /* each with indices of its own */
  int32_t outer;       /* slices are picked anew in each of these */
  int32_t picks;       /* indices of a batch */
  int32_t size;        /* what there is to pick from */
  int32_t slice_bytes; /* moved at once */
};

/* An index that points outside, which no runtime defines, picks the nearest slice there is. */
TG_INLINE void tg_portable_gather(const struct tg_portable_gather_params *p, const void *input,
                                  const int32_t *indices, void *output) {
  const uint8_t *from = (const uint8_t *)input;
  uint8_t *to = (uint8_t *)output;
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t i = 0; i < p->outer; ++i) {
      for (int32_t pick = 0; pick < p->picks; ++pick) {
        const int32_t index = tg_clamp(indices[pick], 0, p->size - 1);
        memcpy(to, from + index * p->slice_bytes, (size_t)p->slice_bytes);
        to += p->slice_bytes;
      }
      from += p->size * p->slice_bytes;
    }
    indices += p->picks;
  }
}

#endif /* TG_PORTABLE_GATHER_H */
