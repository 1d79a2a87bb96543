/* ADD and SUB in portable C as one affine map of both codes, found and verified for all pairs of
 * codes where the code is written. Inputs that are not broadcast.
 */
#ifndef TG_PORTABLE_ADD_AFFINE_H
#define TG_PORTABLE_ADD_AFFINE_H

#include <stdint.h>

#include "tg_fixed_point.h"

struct tg_portable_add_affine_params {
  int32_t count;   /* elements */
  int32_t factor0; /* of the codes of input 0: code = (factor0 a + factor1 b + offset) >> shift */
  int32_t factor1;
  int32_t offset;
  int32_t shift;
  int32_t minimum; /* the clamp, as codes */
  int32_t maximum;
};

/* May run in place of either input. */
TG_INLINE void tg_portable_add_affine(const struct tg_portable_add_affine_params *p,
                                      const int8_t *input0, const int8_t *input1, int8_t *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    const int32_t sum = input0[i] * p->factor0 + input1[i] * p->factor1 + p->offset;
    output[i] = (int8_t)tg_clamp(sum >> p->shift, p->minimum, p->maximum);
  }
}

#endif /* TG_PORTABLE_ADD_AFFINE_H */
