/* How sums become codes with Neon (Advanced SIMD): the specification's two roundings, four sums at
 * a time, after "gemmlowp: a small self-contained low-precision GEMM library" (Google, 2015).
 *
 * VQRDMULH is the first rounding as it stands: half up, of twice the product. VRSHL by a negative
 * number rounds a half up too, where the specification has it away from zero: what is negative is
 * taken down by one before. Where no channel's shift is to the left, that is one instruction.
 */
#ifndef TG_NEON_LAYER_H
#define TG_NEON_LAYER_H

#include <arm_neon.h>

#include "tg_fixed_point.h"

/* What is the same for all of a layer, compile-time constants. */
struct tg_neon_layer {
  int32_t lefts;      /* 1: some channels shift to the left, or not at all */
  int32_t zero_point; /* of the output */
  int32_t minimum;    /* codes beyond these two are clamped */
  int32_t maximum;
};

/* What is added to four sums, and how they are scaled: read in this order. */
struct tg_neon_layer_scale {
  int32x4_t addend;
  int32x4_t multiplier;
  int32x4_t shift; /* to the left */
};

/* Of the four channels whose twelve numbers lie here. */
TG_INLINE struct tg_neon_layer_scale tg_neon_layer_scale(const int8_t *constants) {
  const struct tg_neon_layer_scale scale = {
      vreinterpretq_s32_s8(vld1q_s8(constants)),
      vreinterpretq_s32_s8(vld1q_s8(constants + 16)),
      vreinterpretq_s32_s8(vld1q_s8(constants + 32)),
  };
  return scale;
}

/* Four sums of products in steps of the output. A shift to the left and the zero point behind it
 * may wrap, as the specification's int32 does. */
TG_INLINE int32x4_t tg_neon_layer_scaled(const struct tg_neon_layer *layer, int32x4_t products,
                                         const struct tg_neon_layer_scale *scale) {
  const int32x4_t sums = vaddq_s32(products, scale->addend);
  if (!layer->lefts) {
    const int32x4_t high = vqrdmulhq_s32(sums, scale->multiplier);
    return vrshlq_s32(vsraq_n_s32(high, high, 31), scale->shift);
  }
  const int32x4_t left = vmaxq_s32(scale->shift, vdupq_n_s32(0));
  const int32x4_t right = vminq_s32(scale->shift, vdupq_n_s32(0));
  const int32x4_t high = vqrdmulhq_s32(vshlq_s32(sums, left), scale->multiplier);
  const int32x4_t down = vshrq_n_s32(vandq_s32(high, right), 31);
  const int32x4_t rounded = vrshlq_s32(vqaddq_s32(high, down), right);
  return vaddq_s32(rounded, vdupq_n_s32(layer->zero_point));
}

/* Eight of those as codes that are not clamped yet. */
TG_INLINE int8x8_t tg_neon_layer_narrow(const struct tg_neon_layer *layer, int32x4_t first,
                                        int32x4_t second) {
  int16x8_t codes = vcombine_s16(vqmovn_s32(first), vqmovn_s32(second));
  if (!layer->lefts) {
    codes = vqaddq_s16(codes, vdupq_n_s16((int16_t)layer->zero_point));
  }
  return vqmovn_s16(codes);
}

/* The codes of sixteen of those. */
TG_INLINE int8x16_t tg_neon_layer_codes(const struct tg_neon_layer *layer, int32x4_t first,
                                        int32x4_t second, int32x4_t third, int32x4_t fourth) {
  int8x16_t codes = vcombine_s8(tg_neon_layer_narrow(layer, first, second),
                                tg_neon_layer_narrow(layer, third, fourth));
  if (layer->minimum > INT8_MIN) {
    codes = vmaxq_s8(codes, vdupq_n_s8((int8_t)layer->minimum));
  }
  if (layer->maximum < INT8_MAX) {
    codes = vminq_s8(codes, vdupq_n_s8((int8_t)layer->maximum));
  }
  return codes;
}

#endif /* TG_NEON_LAYER_H */
