/* SLICE: a block of a tensor, at a place that is data. */
#ifndef TG_PORTABLE_SLICE_H
#define TG_PORTABLE_SLICE_H

#include <stddef.h>
#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_slice_params {
  int32_t rank;    /* dimensions; the last ones of the six below */
  int32_t dims[6]; /* of the tensor, outermost first */
  int32_t part[6]; /* of the block */
  int32_t element_bytes;
};

/* A block that would reach out, which no runtime defines, is moved inside. */
TG_INLINE void tg_portable_slice(const struct tg_portable_slice_params *p, const void *input,
                                 const int32_t *starts, void *output) {
  int32_t size = p->element_bytes; /* of what lies behind the dimension at hand, in bytes */
  int32_t at = 0;
  int32_t steps[6];
  for (int32_t i = 5; i >= 0; --i) {
    const int32_t start = i < 6 - p->rank ? 0 : starts[i - (6 - p->rank)];
    at += size * tg_clamp(start, 0, p->dims[i] - p->part[i]);
    steps[i] = size;
    size *= p->dims[i];
  }
  const uint8_t *from = (const uint8_t *)input + at;
  uint8_t *to = (uint8_t *)output;
  const int32_t row = p->part[5] * p->element_bytes;
  for (int32_t i0 = 0; i0 < p->part[0]; ++i0) {
    for (int32_t i1 = 0; i1 < p->part[1]; ++i1) {
      for (int32_t i2 = 0; i2 < p->part[2]; ++i2) {
        for (int32_t i3 = 0; i3 < p->part[3]; ++i3) {
          for (int32_t i4 = 0; i4 < p->part[4]; ++i4) {
            const int32_t place =
                i0 * steps[0] + i1 * steps[1] + i2 * steps[2] + i3 * steps[3] + i4 * steps[4];
            memcpy(to, from + place, (size_t)row);
            to += row;
          }
        }
      }
    }
  }
}

#endif /* TG_PORTABLE_SLICE_H */
