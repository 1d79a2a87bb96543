/* Which input elements reach an output element of a transposed convolution. */
#ifndef TG_REACH_H
#define TG_REACH_H

#include "tg_fixed_point.h"

/* The taps along one dimension through which input elements reach an output element: tap `first`
 * of element `element`, then every stride-th tap of the element before. */
struct tg_reach {
  int32_t first;
  int32_t element;
  int32_t count;
};

/* `place` is the output element's, counted from where the first input element's window begins. */
TG_INLINE struct tg_reach tg_reach_of(int32_t place, int32_t size, int32_t taps, int32_t stride) {
  struct tg_reach reach = {place % stride, place / stride, 0};
  if (reach.element > size - 1) { /* the last elements' windows begin before */
    reach.first += (reach.element - (size - 1)) * stride;
    reach.element = size - 1;
  }
  if (reach.first < taps) {
    const int32_t fitting = (taps - reach.first + stride - 1) / stride;
    reach.count = fitting <= reach.element ? fitting : reach.element + 1;
  }
  return reach;
}

#endif /* TG_REACH_H */
