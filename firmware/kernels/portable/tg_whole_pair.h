/* A function of two int32, element by element, with broadcasting. */
#ifndef TG_PORTABLE_WHOLE_PAIR_H
#define TG_PORTABLE_WHOLE_PAIR_H

#include "tg_fixed_point.h"
#include "tg_pairs.h"

enum tg_portable_whole_pair_function {
  TG_PORTABLE_WHOLE_PAIR_ADD,
  TG_PORTABLE_WHOLE_PAIR_SUB,
  TG_PORTABLE_WHOLE_PAIR_MUL,
  TG_PORTABLE_WHOLE_PAIR_DIV,
  TG_PORTABLE_WHOLE_PAIR_MAXIMUM,
  TG_PORTABLE_WHOLE_PAIR_MINIMUM,
  TG_PORTABLE_WHOLE_PAIR_SQUARED_DIFFERENCE
};

struct tg_portable_whole_pair_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t function;    /* enum tg_portable_whole_pair_function */
  int32_t minimum;
  int32_t maximum;
};

/* What does not fit wraps around. A quotient by zero, which no runtime defines, is zero. */
TG_INLINE int32_t tg_portable_whole_pair_one(int32_t function, int32_t a, int32_t b) {
  const uint32_t x = (uint32_t)a;
  const uint32_t y = (uint32_t)b;
  switch (function) {
    case TG_PORTABLE_WHOLE_PAIR_ADD:
      return (int32_t)(x + y);
    case TG_PORTABLE_WHOLE_PAIR_SUB:
      return (int32_t)(x - y);
    case TG_PORTABLE_WHOLE_PAIR_MUL:
      return (int32_t)(x * y);
    case TG_PORTABLE_WHOLE_PAIR_DIV:
      return b == 0 ? 0 : (b == -1 ? (int32_t)(0u - x) : a / b);
    case TG_PORTABLE_WHOLE_PAIR_MAXIMUM:
      return a > b ? a : b;
    case TG_PORTABLE_WHOLE_PAIR_MINIMUM:
      return a < b ? a : b;
    default:
      return (int32_t)((x - y) * (x - y));
  }
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_whole_pair(const struct tg_portable_whole_pair_params *p,
                                      const int32_t *input0, const int32_t *input1,
                                      int32_t *output) {
  TG_EACH_PAIR (p, a, b) {
    const int32_t value = tg_portable_whole_pair_one(p->function, input0[a], input1[b]);
    *output++ = tg_clamp(value, p->minimum, p->maximum);
  }
}

#endif /* TG_PORTABLE_WHOLE_PAIR_H */
