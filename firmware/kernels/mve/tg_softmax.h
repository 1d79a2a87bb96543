/* int8 softmax over rows with Helium, four elements at a time: exponentials are gathered from a
 * table. Nothing is negative, so that one that rounds half up is the specification's rounding. */
#ifndef TG_MVE_SOFTMAX_H
#define TG_MVE_SOFTMAX_H

#include <arm_mve.h>

#include "tg_share.h"

struct tg_mve_softmax_params {
  int32_t rows;                  /* each with its own softmax */
  int32_t depth;                 /* elements of a row, 1 to 4095 */
  int32_t table_length;          /* 1 to 256 */
  const TG_FLASH int32_t *table; /* entry i: exp of i codes below the maximum in Q0, then zero */
};

/* The greatest code of a row. */
TG_INLINE int32_t tg_mve_softmax_greatest(const int8_t *row, int32_t depth) {
  int8_t greatest = INT8_MIN;
  for (int32_t i = 0; i < depth; i += 16) {
    const mve_pred16_t inside = vctp8q((uint32_t)(depth - i));
    greatest = vmaxvq_p_s8(greatest, vldrbq_z_s8(row + i, inside), inside);
  }
  return greatest;
}

/* Exponentials of four elements in Q0; zeros where there are none. */
TG_INLINE int32x4_t tg_mve_softmax_exponentials(const struct tg_mve_softmax_params *p,
                                                const int8_t *in, int32_t greatest,
                                                mve_pred16_t inside) {
  const int32x4_t below = vsubq_s32(vdupq_n_s32(greatest), vldrbq_z_s32(in, inside));
  if (p->table_length < 256) {
    inside = vcmpltq_m_n_s32(below, p->table_length, inside);
  }
  return vldrwq_gather_shifted_offset_z_s32(p->table, vreinterpretq_u32_s32(below), inside);
}

/* May run in place. */
TG_INLINE void tg_mve_softmax(const struct tg_mve_softmax_params *p, const int8_t *input,
                              int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    const int32_t greatest = tg_mve_softmax_greatest(input, p->depth);
    int32_t sum = 0; /* Q12 */
    for (int32_t i = 0; i < p->depth; i += 4) {
      const mve_pred16_t inside = vctp32q((uint32_t)(p->depth - i));
      const int32x4_t exponentials = tg_mve_softmax_exponentials(p, input + i, greatest, inside);
      sum = vaddvaq_s32(sum, vrshrq_n_s32(exponentials, 12));
    }
    const struct tg_share scale = tg_share_of(sum);
    for (int32_t i = 0; i < p->depth; i += 4) {
      const mve_pred16_t inside = vctp32q((uint32_t)(p->depth - i));
      int32x4_t share = tg_mve_softmax_exponentials(p, input + i, greatest, inside);
      share = vrshlq_n_s32(vqrdmulhq_n_s32(share, scale.reciprocal), -scale.shift);
      share = vminq_s32(vsubq_n_s32(share, 128), vdupq_n_s32(INT8_MAX));
      vstrbq_p_s32(output + i, share, inside);
    }
    input += p->depth;
    output += p->depth;
  }
}

#endif /* TG_MVE_SOFTMAX_H */
