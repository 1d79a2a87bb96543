/* Moves blocks of bytes between strided positions: slices, transposes, joins, the inside of a
 * padded tensor. */
#ifndef TG_PORTABLE_COPY_H
#define TG_PORTABLE_COPY_H

#include <stddef.h>
#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_copy_params {
  int32_t dims[5];           /* loop counts, outermost first */
  int32_t input_strides[5];  /* step at each loop, in bytes; may be negative */
  int32_t output_strides[5]; /* the same for the output */
  int32_t input_offset;      /* of the first block, in bytes */
  int32_t output_offset;
  int32_t block_bytes; /* moved at once */
};

TG_INLINE void tg_portable_copy(const struct tg_portable_copy_params *p, const void *input,
                                void *output) {
  const uint8_t *from = (const uint8_t *)input + p->input_offset;
  uint8_t *to = (uint8_t *)output + p->output_offset;
  for (int32_t i0 = 0; i0 < p->dims[0]; ++i0) {
    for (int32_t i1 = 0; i1 < p->dims[1]; ++i1) {
      for (int32_t i2 = 0; i2 < p->dims[2]; ++i2) {
        for (int32_t i3 = 0; i3 < p->dims[3]; ++i3) {
          const int32_t in = i0 * p->input_strides[0] + i1 * p->input_strides[1] +
                             i2 * p->input_strides[2] + i3 * p->input_strides[3];
          const int32_t out = i0 * p->output_strides[0] + i1 * p->output_strides[1] +
                              i2 * p->output_strides[2] + i3 * p->output_strides[3];
          for (int32_t i4 = 0; i4 < p->dims[4]; ++i4) {
            memcpy(to + (out + i4 * p->output_strides[4]), from + (in + i4 * p->input_strides[4]),
                   (size_t)p->block_bytes);
          }
        }
      }
    }
  }
}

#endif /* TG_PORTABLE_COPY_H */
