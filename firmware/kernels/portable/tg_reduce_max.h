/* The greatest or the least over any axes of int8 codes, or of booleans, which are bytes of 0
 * and 1. */
#ifndef TG_PORTABLE_REDUCE_MAX_H
#define TG_PORTABLE_REDUCE_MAX_H

#include <stdint.h>

#include "tg_fixed_point.h"

struct tg_portable_reduce_max_params {
  int32_t kept_size[3];      /* elements per kept dimension, outermost first */
  int32_t kept_stride[3];    /* input elements from one to the next */
  int32_t reduced_size[3];   /* elements per reduced dimension, outermost first */
  int32_t reduced_stride[3]; /* input elements from one to the next */
  int32_t flip; /* 0: the greatest. -1: the least, which is the greatest of all bits flipped */
};

TG_INLINE int8_t tg_portable_reduce_max_one(const struct tg_portable_reduce_max_params *p,
                                            const int8_t *input) {
  int32_t greatest = INT8_MIN;
  for (int32_t a = 0; a < p->reduced_size[0]; ++a) {
    for (int32_t b = 0; b < p->reduced_size[1]; ++b) {
      const int8_t *source = input + a * p->reduced_stride[0] + b * p->reduced_stride[1];
      for (int32_t c = 0; c < p->reduced_size[2]; ++c) {
        const int32_t value = *source ^ p->flip;
        greatest = value > greatest ? value : greatest;
        source += p->reduced_stride[2];
      }
    }
  }
  return (int8_t)(greatest ^ p->flip);
}

TG_INLINE void tg_portable_reduce_max(const struct tg_portable_reduce_max_params *p,
                                      const void *input, void *output) {
  const int8_t *from = (const int8_t *)input;
  int8_t *to = (int8_t *)output;
  for (int32_t a = 0; a < p->kept_size[0]; ++a) {
    for (int32_t b = 0; b < p->kept_size[1]; ++b) {
      for (int32_t c = 0; c < p->kept_size[2]; ++c) {
        *to++ = tg_portable_reduce_max_one(
            p, from + a * p->kept_stride[0] + b * p->kept_stride[1] + c * p->kept_stride[2]);
      }
    }
  }
}

#endif /* TG_PORTABLE_REDUCE_MAX_H */
