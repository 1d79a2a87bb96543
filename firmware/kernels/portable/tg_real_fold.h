/* One float32 of many over any axes, one after the other in the input's order. */
#ifndef TG_PORTABLE_REAL_FOLD_H
#define TG_PORTABLE_REAL_FOLD_H

#include "tg_real.h"

enum tg_portable_real_fold_function {
  TG_PORTABLE_REAL_FOLD_SUM,
  TG_PORTABLE_REAL_FOLD_MEAN,
  TG_PORTABLE_REAL_FOLD_MAX,
  TG_PORTABLE_REAL_FOLD_MIN
};

struct tg_portable_real_fold_params {
  int32_t kept_size[3];      /* elements per kept dimension, outermost first */
  int32_t kept_stride[3];    /* input elements from one to the next */
  int32_t reduced_size[3];   /* elements per reduced dimension, outermost first */
  int32_t reduced_stride[3]; /* input elements from one to the next */
  int32_t function;          /* enum tg_portable_real_fold_function */
  float start;
  float divisor; /* of a mean */
};

TG_INLINE float tg_portable_real_fold_next(int32_t function, float found, float value) {
  switch (function) {
    case TG_PORTABLE_REAL_FOLD_MAX:
      return value > found ? value : found;
    case TG_PORTABLE_REAL_FOLD_MIN:
      return value < found ? value : found;
    default:
      return found + value;
  }
}

TG_INLINE float tg_portable_real_fold_one(const struct tg_portable_real_fold_params *p,
                                          const float *input) {
  float found = p->start;
  for (int32_t a = 0; a < p->reduced_size[0]; ++a) {
    for (int32_t b = 0; b < p->reduced_size[1]; ++b) {
      const float *source = input + a * p->reduced_stride[0] + b * p->reduced_stride[1];
      for (int32_t c = 0; c < p->reduced_size[2]; ++c) {
        found = tg_portable_real_fold_next(p->function, found, *source);
        source += p->reduced_stride[2];
      }
    }
  }
  return p->function == TG_PORTABLE_REAL_FOLD_MEAN ? found / p->divisor : found;
}

TG_INLINE void tg_portable_real_fold(const struct tg_portable_real_fold_params *p,
                                     const float *input, float *output) {
  for (int32_t a = 0; a < p->kept_size[0]; ++a) {
    for (int32_t b = 0; b < p->kept_size[1]; ++b) {
      for (int32_t c = 0; c < p->kept_size[2]; ++c) {
        *output++ = tg_portable_real_fold_one(
            p, input + a * p->kept_stride[0] + b * p->kept_stride[1] + c * p->kept_stride[2]);
      }
    }
  }
}

#endif /* TG_PORTABLE_REAL_FOLD_H */
