/* Which of two numbers of 32 bits is the greater, with broadcasting: bytes of 0 and 1. */
#ifndef TG_PORTABLE_COMPARE_WORDS_H
#define TG_PORTABLE_COMPARE_WORDS_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

struct tg_portable_compare_words_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t real;        /* 1: both are float32, else int32 */
  int32_t less;        /* the result where input 0 is less than input 1 */
  int32_t equal;
  int32_t greater;
  int32_t unordered; /* where one is no number */
};

TG_INLINE void tg_portable_compare_words(const struct tg_portable_compare_words_params *p,
                                         const void *input0, const void *input1, uint8_t *output) {
  TG_EACH_PAIR (p, a, b) {
    int32_t found;
    if (p->real) {
      const float x = ((const float *)input0)[a];
      const float y = ((const float *)input1)[b];
      found = x < y ? p->less : (x > y ? p->greater : (x == y ? p->equal : p->unordered));
    } else {
      const int32_t x = ((const int32_t *)input0)[a];
      const int32_t y = ((const int32_t *)input1)[b];
      found = x < y ? p->less : (x > y ? p->greater : p->equal);
    }
    *output++ = (uint8_t)found;
  }
}

#endif /* TG_PORTABLE_COMPARE_WORDS_H */
