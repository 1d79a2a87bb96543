/* Where along a dimension the greatest or the least code lies first. */
#ifndef TG_PORTABLE_ARG_MAX_H
#define TG_PORTABLE_ARG_MAX_H

#include "tg_fixed_point.h"

struct tg_portable_arg_max_params {
  int32_t outer; /* elements of all dimensions before the one that is searched */
  int32_t size;  /* of that one */
  int32_t inner; /* elements of all after it */
  int32_t flip;  /* 0: the greatest. -1: the least, which is the greatest of all bits flipped */
};

TG_INLINE void tg_portable_arg_max(const struct tg_portable_arg_max_params *p, const int8_t *input,
                                   int32_t *output) {
  for (int32_t i = 0; i < p->outer; ++i) {
    for (int32_t k = 0; k < p->inner; ++k) {
      int32_t greatest = input[k] ^ p->flip;
      int32_t found = 0;
      for (int32_t j = 1; j < p->size; ++j) {
        const int32_t value = input[j * p->inner + k] ^ p->flip;
        found = value > greatest ? j : found;
        greatest = value > greatest ? value : greatest;
      }
      *output++ = found;
    }
    input += p->size * p->inner;
  }
}

#endif /* TG_PORTABLE_ARG_MAX_H */
