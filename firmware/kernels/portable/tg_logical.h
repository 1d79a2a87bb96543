/* AND, OR and NOT of booleans, which are bytes of 0 and 1, with broadcasting. */
#ifndef TG_PORTABLE_LOGICAL_H
#define TG_PORTABLE_LOGICAL_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_logical_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t flip_inputs; /* 1: both are negated before they are joined by OR */
  int32_t flip_output; /* 1: and the result is */
};

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_logical(const struct tg_portable_logical_params *p,
                                   const uint8_t *input0, const uint8_t *input1, uint8_t *output) {
  TG_EACH_PAIR (p, a, b) {
    const int32_t either = (input0[a] ^ p->flip_inputs) | (input1[b] ^ p->flip_inputs);
    *output++ = (uint8_t)(either ^ p->flip_output);
  }
}

#endif /* TG_PORTABLE_LOGICAL_H */
