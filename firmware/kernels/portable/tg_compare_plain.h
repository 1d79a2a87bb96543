/* Which of two numbers without a scale is the greater, with broadcasting: bytes of 0 and 1. */
#ifndef TG_PORTABLE_COMPARE_PLAIN_H
#define TG_PORTABLE_COMPARE_PLAIN_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

enum tg_portable_compare_plain_type {
  TG_PORTABLE_COMPARE_PLAIN_INT32,
  TG_PORTABLE_COMPARE_PLAIN_FLOAT32,
  TG_PORTABLE_COMPARE_PLAIN_BOOL /* bytes of 0 and 1 */
};

struct tg_portable_compare_plain_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t type;        /* enum tg_portable_compare_plain_type */
  int32_t less;        /* the result where input 0 is less than input 1 */
  int32_t equal;
  int32_t greater;
  int32_t unordered; /* where one is no number */
};

TG_INLINE int32_t tg_portable_compare_plain_whole(int32_t type, const void *input, int32_t at) {
  return type == TG_PORTABLE_COMPARE_PLAIN_INT32 ? ((const int32_t *)input)[at]
                                                 : ((const uint8_t *)input)[at];
}

TG_INLINE void tg_portable_compare_plain(const struct tg_portable_compare_plain_params *p,
                                         const void *input0, const void *input1, uint8_t *output) {
  TG_EACH_PAIR (p, a, b) {
    int32_t found;
    if (p->type == TG_PORTABLE_COMPARE_PLAIN_FLOAT32) {
      const float x = ((const float *)input0)[a];
      const float y = ((const float *)input1)[b];
      found = x < y ? p->less : (x > y ? p->greater : (x == y ? p->equal : p->unordered));
    } else {
      const int32_t x = tg_portable_compare_plain_whole(p->type, input0, a);
      const int32_t y = tg_portable_compare_plain_whole(p->type, input1, b);
      found = x < y ? p->less : (x > y ? p->greater : p->equal);
    }
    *output++ = (uint8_t)found;
  }
}

#endif /* TG_PORTABLE_COMPARE_PLAIN_H */
