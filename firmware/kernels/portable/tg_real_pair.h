/* A function of two float32, element by element, with broadcasting. */
#ifndef TG_PORTABLE_REAL_PAIR_H
#define TG_PORTABLE_REAL_PAIR_H

#include "tg_pairs.h"
#include "tg_real.h"

enum tg_portable_real_pair_function {
  TG_PORTABLE_REAL_PAIR_ADD,
  TG_PORTABLE_REAL_PAIR_SUB,
  TG_PORTABLE_REAL_PAIR_MUL,
  TG_PORTABLE_REAL_PAIR_DIV,
  TG_PORTABLE_REAL_PAIR_MAXIMUM,
  TG_PORTABLE_REAL_PAIR_MINIMUM,
  TG_PORTABLE_REAL_PAIR_SQUARED_DIFFERENCE,
  TG_PORTABLE_REAL_PAIR_PRELU
};

struct tg_portable_real_pair_params {
  int32_t dims[5];     /* loop counts, outermost first; together the output in order */
  int32_t strides0[5]; /* step of input 0 at each loop, in elements; 0 repeats it */
  int32_t strides1[5]; /* the same for input 1 */
  int32_t function;    /* enum tg_portable_real_pair_function */
  int32_t clamped;     /* 1: between these two, as a fused activation says; it may be none */
  float minimum;
  float maximum;
};

TG_INLINE float tg_portable_real_pair_one(int32_t function, float a, float b) {
  switch (function) {
    case TG_PORTABLE_REAL_PAIR_ADD:
      return a + b;
    case TG_PORTABLE_REAL_PAIR_SUB:
      return a - b;
    case TG_PORTABLE_REAL_PAIR_MUL:
      return a * b;
    case TG_PORTABLE_REAL_PAIR_DIV:
      return a / b;
    case TG_PORTABLE_REAL_PAIR_MAXIMUM:
      return a > b ? a : b;
    case TG_PORTABLE_REAL_PAIR_MINIMUM:
      return a < b ? a : b;
    case TG_PORTABLE_REAL_PAIR_SQUARED_DIFFERENCE:
      return (a - b) * (a - b);
    default:
      return a >= 0.0f ? a : a * b;
  }
}

/* May run in place of an input that is not broadcast. What is no number stays that. */
TG_INLINE void tg_portable_real_pair(const struct tg_portable_real_pair_params *p,
                                     const float *input0, const float *input1, float *output) {
  TG_EACH_PAIR (p, a, b) {
    const float value = tg_portable_real_pair_one(p->function, input0[a], input1[b]);
    const float raised = p->clamped && value < p->minimum ? p->minimum : value;
    *output++ = p->clamped && p->maximum < raised ? p->maximum : raised;
  }
}

#endif /* TG_PORTABLE_REAL_PAIR_H */
