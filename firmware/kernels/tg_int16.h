/* What kernels of int16 activations and int8 weights share: dot products, the way from a sum to an
 * int16 output, and the walk over windows.
 *
 * Sums are exact in int64. Where `wide` is 0, known at compile time, every sum fits into int32, or
 * is to wrap there as the specification's does, and is computed so.
 */
#ifndef TG_INT16_H
#define TG_INT16_H

#include "tg_weighted.h"

/* Four accumulators. */
struct tg_sums_int16 {
  int64_t s0;
  int64_t s1;
  int64_t s2;
  int64_t s3;
};

TG_INLINE int64_t tg_add_int16(int64_t sum, int32_t product, int32_t wide) {
  if (wide) {
    return sum + product;
  }
  return (int32_t)((uint32_t)sum + (uint32_t)product);
}

/* Adds `count` inputs times four rows of weights `row` apart; `count` is a multiple of `unit`. */
TG_INLINE void tg_dot4_int16(struct tg_sums_int16 *sums, const int16_t *input,
                             const TG_FLASH int8_t *weights, int32_t row, int32_t count,
                             int32_t unit, int32_t wide) {
  const int32_t step = tg_step(unit);
  const int16_t *const end = input + count;
  struct tg_sums_int16 s = *sums;
  while (input != end) {
    TG_UNROLL_4
    for (int32_t i = 0; i < step; ++i) {
      const int32_t x = input[i];
      s.s0 = tg_add_int16(s.s0, weights[i] * x, wide);
      s.s1 = tg_add_int16(s.s1, weights[row + i] * x, wide);
      s.s2 = tg_add_int16(s.s2, weights[2 * row + i] * x, wide);
      s.s3 = tg_add_int16(s.s3, weights[3 * row + i] * x, wide);
    }
    input += step;
    weights += step;
  }
  *sums = s;
}

/* The same for one row. */
TG_INLINE int64_t tg_dot1_int16(int64_t sum, const int16_t *input, const TG_FLASH int8_t *weights,
                                int32_t count, int32_t unit, int32_t wide) {
  const int32_t step = tg_step(unit);
  const int16_t *const end = input + count;
  while (input != end) {
    TG_UNROLL_4
    for (int32_t i = 0; i < step; ++i) {
      sum = tg_add_int16(sum, (int32_t)weights[i] * input[i], wide);
    }
    input += step;
    weights += step;
  }
  return sum;
}

/* From the accumulator to the output of one channel. `once`: by a multiplier of 15 bits and a shift
 * to the right of at least 1, with one rounding; else by an int32 one, as int8 is. */
TG_INLINE int16_t tg_output_int16(int64_t sum, int32_t multiplier, int32_t shift, int32_t once,
                                  int32_t low, int32_t high) {
  if (!once) {
    return (int16_t)tg_clamp(tg_requantize((int32_t)sum, multiplier, shift), low, high);
  }
  const int64_t scaled = (sum * multiplier + ((int64_t)1 << (shift - 1))) >> shift;
  return (int16_t)tg_clamp((int32_t)scaled, low, high);
}

/* How the windows of a convolution lie over images. */
struct tg_windows {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t input_channels;
  int32_t output_height;
  int32_t output_width;
  int32_t output_channels;
  int32_t filter_height;
  int32_t filter_width;
  int32_t stride_height;
  int32_t stride_width;
  int32_t dilation_height;
  int32_t dilation_width;
  int32_t pad_top;
  int32_t pad_left;
};

/* As the parameters `p` of a kernel have it, which name all of it but the output's channels. */
#define TG_WINDOWS_OF(p, channels)             \
  {                                            \
      .batches = (p)->batches,                 \
      .input_height = (p)->input_height,       \
      .input_width = (p)->input_width,         \
      .input_channels = (p)->input_channels,   \
      .output_height = (p)->output_height,     \
      .output_width = (p)->output_width,       \
      .output_channels = (channels),           \
      .filter_height = (p)->filter_height,     \
      .filter_width = (p)->filter_width,       \
      .stride_height = (p)->stride_height,     \
      .stride_width = (p)->stride_width,       \
      .dilation_height = (p)->dilation_height, \
      .dilation_width = (p)->dilation_width,   \
      .pad_top = (p)->pad_top,                 \
      .pad_left = (p)->pad_left,               \
  }

/* Computes one output pixel of a kernel's parameters `p`, of the taps that lie in the image;
 * `origin` is the element under tap (0, 0), which may lie outside. */
typedef void tg_window_pixel(const void *p, const int16_t *image, int32_t origin,
                             struct tg_taps rows, struct tg_taps columns, int16_t *output);

/* Every output pixel of every image, in their order; `pixel` is inlined, as this is. */
TG_INLINE void tg_windows_each(const struct tg_windows *w, tg_window_pixel *pixel, const void *p,
                               const int16_t *input, int16_t *output) {
  const int full_rows = tg_unpadded(w->input_height, w->output_height, w->filter_height,
                                    w->stride_height, w->dilation_height, w->pad_top);
  const int full_columns = tg_unpadded(w->input_width, w->output_width, w->filter_width,
                                       w->stride_width, w->dilation_width, w->pad_left);
  struct tg_taps rows = {0, w->filter_height};
  struct tg_taps columns = {0, w->filter_width};
  for (int32_t batch = 0; batch < w->batches; ++batch) {
    int32_t top = -w->pad_top;
    for (int32_t y = 0; y < w->output_height; ++y) {
      if (!full_rows) {
        rows = tg_taps_inside(top, w->input_height, w->filter_height, w->dilation_height);
      }
      int32_t left = -w->pad_left;
      for (int32_t x = 0; x < w->output_width; ++x) {
        if (!full_columns) {
          columns = tg_taps_inside(left, w->input_width, w->filter_width, w->dilation_width);
        }
        pixel(p, input, (top * w->input_width + left) * w->input_channels, rows, columns, output);
        output += w->output_channels;
        left += w->stride_width;
      }
      top += w->stride_height;
    }
    input += w->input_height * w->input_width * w->input_channels;
  }
}

#endif /* TG_INT16_H */
