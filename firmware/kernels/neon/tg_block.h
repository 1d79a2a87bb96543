/* Four channels of some windows with Neon, each window a run of bytes: sixteen products of a window
 * and a channel at a time.
 *
 * SMULL and SMLAL add two products in sixteen bits, which holds for all but -128 * -128 twice;
 * weights for which that could be are no candidates. SADALP adds neighbours to four sums of 32
 * bits, which are added to each other in the end. With SDOT (Armv8.2's dot products) one
 * instruction does what those three do.
 */
#ifndef TG_NEON_BLOCK_H
#define TG_NEON_BLOCK_H

#include <string.h>

#include "neon/tg_layer.h"
#include "tg_weighted.h"

/* Windows at a time: as many as registers hold the sums of. */
#if defined(__aarch64__)
enum { TG_NEON_BLOCK_WINDOWS = 4 };
#else
enum { TG_NEON_BLOCK_WINDOWS = 2 };
#endif

/* The loop after it stays one: unrolled, it would have more sums than registers. */
#if defined(__clang__)
#define TG_NEON_BLOCK_LOOP
#else
#define TG_NEON_BLOCK_LOOP _Pragma("GCC unroll 1")
#endif

/* Windows, and where their codes go. */
struct tg_neon_block_windows {
  const int8_t *from[TG_NEON_BLOCK_WINDOWS];
  int8_t *to[TG_NEON_BLOCK_WINDOWS];
};

TG_INLINE int32x4_t tg_neon_block_sixteen(int32x4_t sums, int8x16_t inputs, int8x16_t weights) {
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(sums, inputs, weights);
#else
  const int16x8_t products = vmull_s8(vget_low_s8(inputs), vget_low_s8(weights));
#if defined(__aarch64__)
  return vpadalq_s16(sums, vmlal_high_s8(products, inputs, weights));
#else
  return vpadalq_s16(sums, vmlal_s8(products, vget_high_s8(inputs), vget_high_s8(weights)));
#endif
#endif
}

TG_INLINE int32x4_t tg_neon_block_eight(int32x4_t sums, int8x8_t inputs, int8x8_t weights) {
  return vpadalq_s16(sums, vmull_s8(inputs, weights));
}

/* What four vectors come to, each added up. */
TG_INLINE int32x4_t tg_neon_block_across(const int32x4_t sums[4]) {
#if defined(__aarch64__)
  return vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3]));
#else
  int32x2_t pairs[4];
  TG_UNROLL_4
  for (int32_t i = 0; i < 4; ++i) {
    pairs[i] = vadd_s32(vget_low_s32(sums[i]), vget_high_s32(sums[i]));
  }
  return vcombine_s32(vpadd_s32(pairs[0], pairs[1]), vpadd_s32(pairs[2], pairs[3]));
#endif
}

/* The sums of four channels, for each of `count` windows of so many bytes, rounded up to eight;
 * gives what lies behind their weights. */
TG_INLINE const int8_t *tg_neon_block_sums(const struct tg_neon_block_windows *windows,
                                           int32_t count, int32_t bytes, const int8_t *weights,
                                           int32x4_t across[TG_NEON_BLOCK_WINDOWS]) {
  int32x4_t sums[TG_NEON_BLOCK_WINDOWS][4];
  TG_UNROLL_4
  for (int32_t w = 0; w < count; ++w) {
    TG_UNROLL_4
    for (int32_t c = 0; c < 4; ++c) {
      sums[w][c] = vdupq_n_s32(0);
    }
  }
  const int32_t sixteens = (bytes + 7) / 16;
  TG_NEON_BLOCK_LOOP
  for (int32_t i = 0; i < sixteens; ++i) {
    int8x16_t inputs[TG_NEON_BLOCK_WINDOWS];
    TG_UNROLL_4
    for (int32_t w = 0; w < count; ++w) {
      inputs[w] = vld1q_s8(windows->from[w] + 16 * i);
    }
    TG_UNROLL_4
    for (int32_t c = 0; c < 4; ++c) {
      const int8x16_t channel = vld1q_s8(weights);
      weights += 16;
      TG_UNROLL_4
      for (int32_t w = 0; w < count; ++w) {
        sums[w][c] = tg_neon_block_sixteen(sums[w][c], inputs[w], channel);
      }
    }
  }
  if ((bytes + 7) / 8 % 2 != 0) {
    TG_UNROLL_4
    for (int32_t c = 0; c < 4; ++c) {
      const int8x8_t channel = vld1_s8(weights);
      weights += 8;
      TG_UNROLL_4
      for (int32_t w = 0; w < count; ++w) {
        const int8x8_t inputs = vld1_s8(windows->from[w] + 16 * sixteens);
        sums[w][c] = tg_neon_block_eight(sums[w][c], inputs, channel);
      }
    }
  }
  TG_UNROLL_4
  for (int32_t w = 0; w < count; ++w) {
    across[w] = tg_neon_block_across(sums[w]);
  }
  return weights;
}

/* The four codes that lie in this quarter of a vector, or the first of them. */
TG_INLINE void tg_neon_block_store(int8_t *to, int8x16_t codes, int32_t quarter, int32_t channels) {
  int8_t bytes[16];
  vst1q_s8(bytes, codes);
  if (channels == 4) {
    memcpy(to, bytes + 4 * quarter, 4);
    return;
  }
  for (int32_t c = 0; c < channels; ++c) {
    to[c] = bytes[4 * quarter + c];
  }
}

/* All channels of `count` windows of so many bytes, which may be read up to a multiple of eight.
 * For each four channels `weights` has sixteen weights of each in turn, the last ones eight where
 * that is enough, and the numbers of `tg_neon_layer_scale`. */
TG_INLINE void tg_neon_block(const struct tg_neon_layer *layer,
                             const struct tg_neon_block_windows *windows, int32_t count,
                             int32_t bytes, const int8_t *weights, int32_t channels) {
  for (int32_t at = 0; at < channels; at += 4) {
    int32x4_t across[TG_NEON_BLOCK_WINDOWS];
    weights = tg_neon_block_sums(windows, count, bytes, weights, across);
    const struct tg_neon_layer_scale scale = tg_neon_layer_scale(weights);
    weights += 48;
    int32x4_t scaled[4];
    TG_UNROLL_4
    for (int32_t w = 0; w < 4; ++w) {
      scaled[w] = w < count ? tg_neon_layer_scaled(layer, across[w], &scale) : vdupq_n_s32(0);
    }
    const int8x16_t codes = tg_neon_layer_codes(layer, scaled[0], scaled[1], scaled[2], scaled[3]);
    const int32_t left = channels % 4 == 0 || channels - at >= 4 ? 4 : channels % 4;
    TG_UNROLL_4
    for (int32_t w = 0; w < count; ++w) {
      tg_neon_block_store(windows->to[w] + at, codes, w, left);
    }
  }
}

#endif /* TG_NEON_BLOCK_H */
