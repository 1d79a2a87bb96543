/* DEPTHWISE_CONV_2D of int16 activations with Helium: four pixels in a row times four channels at a
 * time, from rows in scratch (see tg_dsp_rows.h).
 *
 * VLDRH.S32 and VLDRB.S32 widen activations and weights as they load them; sums are of 32 bits,
 * which is proved to be enough. VRMULH is the specification's rounding: see kernel_sets/int16.py.
 */
#ifndef TG_MVE_DEPTHWISE_CONV_2D_INT16_H
#define TG_MVE_DEPTHWISE_CONV_2D_INT16_H

#include <arm_mve.h>

#include "tg_dsp_rows.h"

struct tg_mve_depthwise_conv_2d_int16_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;
  int32_t output_height;
  int32_t output_width;
  int32_t filter_height;
  int32_t filter_width;
  int32_t stride_height;          /* in rows */
  int32_t stride_step;            /* bytes from a window to the next one */
  int32_t dilation_height;        /* rows from tap to tap */
  int32_t dilation_step;          /* bytes from tap to tap */
  int32_t pad_top;                /* rows of the first window above the image */
  int32_t pad_left;               /* bytes of the first window left of the image */
  int32_t kept;                   /* rows in scratch, as many as a window spans */
  int32_t pitch;                  /* bytes of one of them, with its borders; a multiple of 4 */
  int32_t relu;                   /* 1: no code is below 0 */
  const TG_FLASH int8_t *weights; /* for each four channels: int32: four biases, four multipliers;
                                     then four weights of each tap */
};

/* The codes of four channels of a pixel, as far as they are there. */
TG_INLINE void tg_mve_depthwise_conv_2d_int16_put(int16_t *output, int32x4_t sums,
                                                  int32x4_t multipliers, int32_t relu,
                                                  mve_pred16_t there) {
  int32x4_t codes = vrmulhq_s32(sums, multipliers);
  if (relu) {
    codes = vmaxq_s32(codes, vdupq_n_s32(0));
  }
  const int16x8_t narrow = vqmovnbq_s32(vreinterpretq_s16_s32(codes), codes);
  vstrhq_p_s32(output, vreinterpretq_s32_s16(narrow), there);
}

/* Four channels of `count` pixels, the first one's first tap at byte `left` of rows of which the
 * first one is in the place `slot`. */
TG_INLINE void tg_mve_depthwise_conv_2d_int16_four(
    const struct tg_mve_depthwise_conv_2d_int16_params *p, const int8_t *rows, int32_t slot,
    int32_t left, const int8_t *weights, int16_t *output, int32_t count, mve_pred16_t there) {
  const int32_t step = p->stride_step;
  const int32x4_t bias = vldrwq_s32((const int32_t *)(const void *)weights);
  const int32x4_t multipliers = vldrwq_s32((const int32_t *)(const void *)(weights + 16));
  int32x4_t sum0 = bias, sum1 = bias, sum2 = bias, sum3 = bias;
  weights += 32;
  for (int32_t y = 0; y < p->filter_height; ++y) {
    const int8_t *at = rows + slot * p->pitch + left;
    for (int32_t x = 0; x < p->filter_width; ++x) {
      const int32x4_t w = vldrbq_s32(weights);
      const int16_t *const tap = (const int16_t *)(const void *)at;
      sum0 = vaddq_s32(sum0, vmulq_s32(vldrhq_s32(tap), w));
      sum1 = vaddq_s32(sum1, vmulq_s32(vldrhq_s32(tap + step / 2), w));
      sum2 = vaddq_s32(sum2, vmulq_s32(vldrhq_s32(tap + step), w));
      sum3 = vaddq_s32(sum3, vmulq_s32(vldrhq_s32(tap + 3 * (step / 2)), w));
      weights += 4;
      at += p->dilation_step;
    }
    slot += p->dilation_height;
    slot -= slot >= p->kept ? p->kept : 0;
  }
  /* Those that are too many are written first, where the last one is then. */
  const int32_t n = p->channels, last = count - 1;
  tg_mve_depthwise_conv_2d_int16_put(output + (last < 3 ? last : 3) * n, sum3, multipliers, p->relu,
                                     there);
  tg_mve_depthwise_conv_2d_int16_put(output + (last < 2 ? last : 2) * n, sum2, multipliers, p->relu,
                                     there);
  tg_mve_depthwise_conv_2d_int16_put(output + (last < 1 ? last : 1) * n, sum1, multipliers, p->relu,
                                     there);
  tg_mve_depthwise_conv_2d_int16_put(output, sum0, multipliers, p->relu, there);
}

/* Scratch: the rows. Each row of the input is taken once, before the first row of the output that
 * needs it is written. */
TG_INLINE void tg_mve_depthwise_conv_2d_int16(const struct tg_mve_depthwise_conv_2d_int16_params *p,
                                              const int16_t *input, int16_t *output,
                                              void *scratch) {
  struct tg_dsp_rows rows = {.rows = (int8_t *)scratch,
                             .image = (const int8_t *)input,
                             .height = p->input_height,
                             .width = 2 * p->input_width * p->channels,
                             .pad_top = p->pad_top,
                             .pad_left = p->pad_left,
                             .kept = p->kept,
                             .pitch = p->pitch,
                             .next = 0};
  const int32_t block = 32 + 4 * p->filter_height * p->filter_width;
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      const int32_t slot = tg_dsp_rows_under(&rows, y * p->stride_height);
      for (int32_t x = 0; x < p->output_width; x += 4) {
        const int32_t rest = p->output_width - x, count = rest < 4 ? rest : 4;
        const int8_t *weights = p->weights;
        for (int32_t c = 0; c < p->channels; c += 4) {
          tg_mve_depthwise_conv_2d_int16_four(p, rows.rows, slot, x * p->stride_step + 2 * c,
                                              weights, output + c, count,
                                              vctp32q((uint32_t)(p->channels - c)));
          weights += block;
        }
        output += count * p->channels;
      }
    }
    rows.image += p->input_height * rows.width;
    rows.next = 0;
  }
}

#endif /* TG_MVE_DEPTHWISE_CONV_2D_INT16_H */
