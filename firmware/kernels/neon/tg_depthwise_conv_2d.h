/* DEPTHWISE_CONV_2D with Neon: sixteen channels of a pixel at a time, or the last eight.
 *
 * The rows of the image that windows need lie in scratch, with their border, each taken once; a row
 * that is no longer needed makes room for the next. Two taps make one sum of sixteen bits, for
 * which `tg_block.h` says when that holds.
 */
#ifndef TG_NEON_DEPTHWISE_CONV_2D_H
#define TG_NEON_DEPTHWISE_CONV_2D_H

#include <string.h>

#include "neon/tg_layer.h"

struct tg_neon_depthwise_conv_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;         /* of the output */
  int32_t depth_multiplier; /* of them, one beside the other, have one input */
  int32_t output_height;
  int32_t output_width;
  int32_t filter_height;
  int32_t filter_width;
  int32_t stride_height;
  int32_t stride_width;
  int32_t dilation_height;
  int32_t dilation_width;
  int32_t pad_top;  /* rows of the first window above the image */
  int32_t pad_left; /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t columns; /* of a row in scratch: what all windows of a row reach over */
  int32_t lefts;   /* how sums are requantized: see tg_neon_layer */
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int8_t
      *weights; /* for each sixteen channels, and the last eight: a vector for each
                   tap; then for each four the numbers of tg_neon_layer_scale */
};

/* Taps whose weights stay in registers, and rows of a filter, at the most. */
enum { TG_NEON_DEPTHWISE_CONV_2D_KEPT = 9, TG_NEON_DEPTHWISE_CONV_2D_ROWS = 16 };

/* The loop after it becomes straight code. */
#if defined(__clang__)
#define TG_NEON_DEPTHWISE_CONV_2D_UNROLL
#else
#define TG_NEON_DEPTHWISE_CONV_2D_UNROLL _Pragma("GCC unroll 32")
#endif

/* Bytes of a pixel in scratch. */
TG_INLINE int32_t
tg_neon_depthwise_conv_2d_pixel(const struct tg_neon_depthwise_conv_2d_params *p) {
  return (p->channels + 7) / 8 * 8;
}

/* Pixels of the image, each up to a multiple of eight channels. */
TG_INLINE void tg_neon_depthwise_conv_2d_copy(const struct tg_neon_depthwise_conv_2d_params *p,
                                              const int8_t *from, int32_t count, int8_t *to) {
  const int32_t pixel = tg_neon_depthwise_conv_2d_pixel(p);
  const int32_t inputs = p->channels / p->depth_multiplier;
  if (inputs == pixel) {
    memcpy(to, from, (size_t)(count * pixel));
    return;
  }
  for (int32_t x = 0; x < count; ++x) {
    if (inputs == p->channels) {
      memcpy(to, from, (size_t)inputs);
    } else {
      for (int32_t c = 0; c < p->channels; ++c) {
        to[c] = from[c / p->depth_multiplier];
      }
    }
    from += inputs;
    to += pixel;
  }
}

/* A row of the image with its border; what is outside of the image is the zero point. */
TG_INLINE void tg_neon_depthwise_conv_2d_row(const struct tg_neon_depthwise_conv_2d_params *p,
                                             const int8_t *image, int32_t y, int8_t *to) {
  const int32_t pixel = tg_neon_depthwise_conv_2d_pixel(p);
  if (y < 0 || y >= p->input_height) {
    memset(to, p->input_zero_point, (size_t)(p->columns * pixel));
    return;
  }
  const int32_t inputs = p->channels / p->depth_multiplier;
  const int32_t room = p->columns - p->pad_left;
  const int32_t inside = room < p->input_width ? room : p->input_width;
  memset(to, p->input_zero_point, (size_t)(p->pad_left * pixel));
  to += p->pad_left * pixel;
  tg_neon_depthwise_conv_2d_copy(p, image + y * p->input_width * inputs, inside, to);
  memset(to + inside * pixel, p->input_zero_point, (size_t)((room - inside) * pixel));
}

/* Some channels of one line of windows. */
struct tg_neon_depthwise_conv_2d_line {
  const int8_t *rows[TG_NEON_DEPTHWISE_CONV_2D_ROWS]; /* one for each of the filter */
  const int8_t *weights;
  int8_t *to;
  int32_t wide;     /* 1: sixteen channels, 0: eight */
  int32_t channels; /* of those, what there are */
};

/* Sixteen channels, or eight and zeros. */
TG_INLINE int8x16_t tg_neon_depthwise_conv_2d_load(const int8_t *from, int32_t wide) {
  return wide ? vld1q_s8(from) : vcombine_s8(vld1_s8(from), vdup_n_s8(0));
}

TG_INLINE int32x4_t tg_neon_depthwise_conv_2d_high(int32x4_t sums, int16x8_t products) {
#if defined(__aarch64__)
  return vaddw_high_s16(sums, products);
#else
  return vaddw_s16(sums, vget_high_s16(products));
#endif
}

/* Adds the products of a tap, or of two. */
TG_INLINE void tg_neon_depthwise_conv_2d_add(int32x4_t sums[4], const int8x16_t inputs[2],
                                             const int8x16_t weights[2], int32_t taps,
                                             int32_t wide) {
  int16x8_t low = vmull_s8(vget_low_s8(inputs[0]), vget_low_s8(weights[0]));
  if (taps > 1) {
    low = vmlal_s8(low, vget_low_s8(inputs[1]), vget_low_s8(weights[1]));
  }
  sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
  sums[1] = tg_neon_depthwise_conv_2d_high(sums[1], low);
  if (wide) {
#if defined(__aarch64__)
    int16x8_t high = vmull_high_s8(inputs[0], weights[0]);
    if (taps > 1) {
      high = vmlal_high_s8(high, inputs[1], weights[1]);
    }
#else
    int16x8_t high = vmull_s8(vget_high_s8(inputs[0]), vget_high_s8(weights[0]));
    if (taps > 1) {
      high = vmlal_s8(high, vget_high_s8(inputs[1]), vget_high_s8(weights[1]));
    }
#endif
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = tg_neon_depthwise_conv_2d_high(sums[3], high);
  }
}

/* All windows of a line. */
TG_INLINE void tg_neon_depthwise_conv_2d_line(const struct tg_neon_depthwise_conv_2d_params *p,
                                              const struct tg_neon_depthwise_conv_2d_line *line) {
  const struct tg_neon_layer layer = {
      .lefts = p->lefts,
      .zero_point = p->output_zero_point,
      .minimum = p->output_min,
      .maximum = p->output_max,
  };
  const int32_t taps = p->filter_height * p->filter_width, wide = line->wide;
  const int32_t lanes = wide ? 16 : 8, vectors = wide ? 4 : 2;
  const int32_t pixel = tg_neon_depthwise_conv_2d_pixel(p);
  const int32_t first =
      taps < TG_NEON_DEPTHWISE_CONV_2D_KEPT ? taps : TG_NEON_DEPTHWISE_CONV_2D_KEPT;
  int8x16_t kept[TG_NEON_DEPTHWISE_CONV_2D_KEPT];
  TG_NEON_DEPTHWISE_CONV_2D_UNROLL
  for (int32_t tap = 0; tap < first; ++tap) {
    kept[tap] = tg_neon_depthwise_conv_2d_load(line->weights + tap * lanes, wide);
  }
  struct tg_neon_layer_scale scale[4];
  TG_NEON_DEPTHWISE_CONV_2D_UNROLL
  for (int32_t v = 0; v < vectors; ++v) {
    scale[v] = tg_neon_layer_scale(line->weights + taps * lanes + 48 * v);
  }
  for (int32_t x = 0; x < p->output_width; ++x) {
    int32x4_t sums[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
    TG_NEON_DEPTHWISE_CONV_2D_UNROLL
    for (int32_t tap = 0; tap < taps; tap += 2) {
      int8x16_t inputs[2], weights[2];
      const int32_t two = tap + 1 < taps ? 2 : 1;
      for (int32_t i = 0; i < two; ++i) {
        const int32_t row = (tap + i) / p->filter_width, column = (tap + i) % p->filter_width;
        const int32_t at = x * p->stride_width + column * p->dilation_width;
        inputs[i] = tg_neon_depthwise_conv_2d_load(line->rows[row] + at * pixel, wide);
        weights[i] = tap + i < TG_NEON_DEPTHWISE_CONV_2D_KEPT
                         ? kept[tap + i]
                         : tg_neon_depthwise_conv_2d_load(line->weights + (tap + i) * lanes, wide);
      }
      tg_neon_depthwise_conv_2d_add(sums, inputs, weights, two, wide);
    }
    TG_NEON_DEPTHWISE_CONV_2D_UNROLL
    for (int32_t v = 0; v < vectors; ++v) {
      sums[v] = tg_neon_layer_scaled(&layer, sums[v], &scale[v]);
    }
    const int8x16_t codes = tg_neon_layer_codes(&layer, sums[0], sums[1], sums[2], sums[3]);
    int8_t *const to = line->to + x * p->channels;
    if (line->channels == 16) {
      vst1q_s8(to, codes);
    } else {
      int8_t bytes[16];
      vst1q_s8(bytes, codes);
      memcpy(to, bytes, (size_t)line->channels);
    }
  }
}

/* All channels of a line whose windows begin in this row of the image with its border above. */
TG_INLINE void tg_neon_depthwise_conv_2d_channels(const struct tg_neon_depthwise_conv_2d_params *p,
                                                  const int8_t *ring, int32_t top, int8_t *output) {
  const int32_t pixel = tg_neon_depthwise_conv_2d_pixel(p);
  const int32_t kept = (p->filter_height - 1) * p->dilation_height + 1;
  const int32_t taps = p->filter_height * p->filter_width;
  struct tg_neon_depthwise_conv_2d_line line;
  for (int32_t row = 0; row < p->filter_height; ++row) {
    const int32_t at = (top + row * p->dilation_height) % kept;
    line.rows[row] = ring + at * p->columns * pixel;
  }
  line.weights = p->weights;
  line.to = output;
  line.wide = 1;
  line.channels = 16;
  for (int32_t at = 0; at + 16 <= p->channels; at += 16) {
    tg_neon_depthwise_conv_2d_line(p, &line);
    for (int32_t row = 0; row < p->filter_height; ++row) {
      line.rows[row] += 16;
    }
    line.weights += 16 * (taps + 12);
    line.to += 16;
  }
  if (p->channels % 16 != 0) {
    line.wide = p->channels % 16 > 8;
    line.channels = p->channels % 16;
    tg_neon_depthwise_conv_2d_line(p, &line);
  }
}

/* Scratch: as many rows as a window reaches over, with their border. */
TG_INLINE void tg_neon_depthwise_conv_2d(const struct tg_neon_depthwise_conv_2d_params *p,
                                         const int8_t *input, int8_t *output, void *scratch) {
  int8_t *const ring = (int8_t *)scratch;
  const int32_t kept = (p->filter_height - 1) * p->dilation_height + 1;
  const int32_t bytes = p->columns * tg_neon_depthwise_conv_2d_pixel(p);
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    int32_t next = 0; /* counted with the border above the image */
    for (int32_t y = 0; y < p->output_height; ++y) {
      const int32_t top = y * p->stride_height;
      next = next > top ? next : top;
      for (; next < top + kept; ++next) {
        tg_neon_depthwise_conv_2d_row(p, input, next - p->pad_top, ring + next % kept * bytes);
      }
      tg_neon_depthwise_conv_2d_channels(p, ring, top, output);
      output += p->output_width * p->channels;
    }
    input += p->input_height * p->input_width * (p->channels / p->depth_multiplier);
  }
}

#endif /* TG_NEON_DEPTHWISE_CONV_2D_H */
