/* Bytes of one of two inputs, as a condition says, all three with broadcasting. */
#ifndef TG_PORTABLE_SELECT_H
#define TG_PORTABLE_SELECT_H

#include "tg_fixed_point.h"

struct tg_portable_select_params {
  int32_t dims[5];              /* loop counts, outermost first; together the output in order */
  int32_t condition_strides[5]; /* step at each loop, in elements; 0 repeats */
  int32_t true_strides[5];      /* the same for what is taken where the condition holds */
  int32_t false_strides[5];     /* and where it does not */
};

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_portable_select(const struct tg_portable_select_params *p,
                                  const uint8_t *condition, const int8_t *if_true,
                                  const int8_t *if_false, int8_t *output) {
  const int32_t *c = p->condition_strides;
  const int32_t *t = p->true_strides;
  const int32_t *f = p->false_strides;
  for (int32_t i0 = 0; i0 < p->dims[0]; ++i0) {
    for (int32_t i1 = 0; i1 < p->dims[1]; ++i1) {
      for (int32_t i2 = 0; i2 < p->dims[2]; ++i2) {
        for (int32_t i3 = 0; i3 < p->dims[3]; ++i3) {
          const uint8_t *which = condition + i0 * c[0] + i1 * c[1] + i2 * c[2] + i3 * c[3];
          const int8_t *yes = if_true + i0 * t[0] + i1 * t[1] + i2 * t[2] + i3 * t[3];
          const int8_t *no = if_false + i0 * f[0] + i1 * f[1] + i2 * f[2] + i3 * f[3];
          for (int32_t i4 = 0; i4 < p->dims[4]; ++i4) {
            *output++ = which[i4 * c[4]] ? yes[i4 * t[4]] : no[i4 * f[4]];
          }
        }
      }
    }
  }
}

#endif /* TG_PORTABLE_SELECT_H */
