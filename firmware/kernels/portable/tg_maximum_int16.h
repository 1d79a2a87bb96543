/* The greater or the lesser of two int16 codes, with broadcasting. */
#ifndef TG_PORTABLE_MAXIMUM_INT16_H
#define TG_PORTABLE_MAXIMUM_INT16_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_maximum_int16_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t flip; /* 0: the greater. -1: the lesser, which is the greater of all bits flipped */
};

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_maximum_int16(const struct tg_portable_maximum_int16_params *p,
                                         const int16_t *input0, const int16_t *input1,
                                         int16_t *output) {
  TG_EACH_PAIR (p, a, b) {
    const int32_t x = input0[a] ^ p->flip;
    const int32_t y = input1[b] ^ p->flip;
    *output++ = (int16_t)((x > y ? x : y) ^ p->flip);
  }
}

#endif /* TG_PORTABLE_MAXIMUM_INT16_H */
