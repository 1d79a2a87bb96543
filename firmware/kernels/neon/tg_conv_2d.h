/* CONV_2D with Neon: some windows by four channels at a time.
 *
 * A filter of one pixel without a border finds its windows in the image itself, where their bytes
 * are a multiple of eight. Others are copied into scratch first, one behind the other: for a layer
 * of many channels that is little of its work.
 */
#ifndef TG_NEON_CONV_2D_H
#define TG_NEON_CONV_2D_H

#include "neon/tg_block.h"

struct tg_neon_conv_2d_params {
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
  int32_t pad_top;  /* rows of the first window above the image */
  int32_t pad_left; /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t direct; /* 1: a window is a pixel of the image */
  int32_t lefts;  /* how sums are requantized: see tg_neon_layer */
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int8_t
      *weights; /* as tg_neon_block reads them; a window is [row][column][input] */
};

/* Those taps of one row of a window that lie inside the image, and zero points around them. `row`
 * is the image's, `left` the column of the first tap. */
TG_INLINE void tg_neon_conv_2d_taps(const struct tg_neon_conv_2d_params *p, const int8_t *row,
                                    int32_t left, int8_t *to) {
  const int32_t depth = p->input_channels;
  const struct tg_taps taps =
      tg_taps_inside(left, p->input_width, p->filter_width, p->dilation_width);
  memset(to, p->input_zero_point, (size_t)(taps.first * depth));
  for (int32_t tap = taps.first; tap < taps.last; ++tap) {
    memcpy(to + tap * depth, row + (left + tap * p->dilation_width) * depth, (size_t)depth);
  }
  memset(to + taps.last * depth, p->input_zero_point,
         (size_t)((p->filter_width - taps.last) * depth));
}

/* The window whose first tap is at this row and column of the image. */
TG_INLINE void tg_neon_conv_2d_window(const struct tg_neon_conv_2d_params *p, const int8_t *image,
                                      int32_t top, int32_t left, int8_t *to) {
  const int32_t depth = p->input_channels, run = p->filter_width * depth;
  const int32_t span = (p->filter_width - 1) * p->dilation_width;
  const int32_t inside = left >= 0 && left + span < p->input_width;
  for (int32_t tap = 0; tap < p->filter_height; ++tap) {
    const int32_t y = top + tap * p->dilation_height;
    const int8_t *const row = image + y * p->input_width * depth;
    if (y < 0 || y >= p->input_height) {
      memset(to, p->input_zero_point, (size_t)run);
    } else if (inside && p->dilation_width == 1) {
      memcpy(to, row + left * depth, (size_t)run);
    } else {
      tg_neon_conv_2d_taps(p, row, left, to);
    }
    to += run;
  }
}

/* Scratch, where windows are copied: four of them, each up to a multiple of sixteen bytes. */
TG_INLINE void tg_neon_conv_2d(const struct tg_neon_conv_2d_params *p, const int8_t *input,
                               int8_t *output, void *scratch) {
  const struct tg_neon_layer layer = {
      .lefts = p->lefts,
      .zero_point = p->output_zero_point,
      .minimum = p->output_min,
      .maximum = p->output_max,
  };
  const int32_t depth = p->input_channels;
  const int32_t bytes = p->filter_height * p->filter_width * depth;
  const int32_t pixels = p->output_height * p->output_width;
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t first = 0; first < pixels; first += TG_NEON_BLOCK_WINDOWS) {
      struct tg_neon_block_windows windows;
      for (int32_t w = 0; w < TG_NEON_BLOCK_WINDOWS; ++w) {
        /* The last pixel is computed again where there are no more. */
        const int32_t pixel = first + w < pixels ? first + w : pixels - 1;
        const int32_t top = pixel / p->output_width * p->stride_height - p->pad_top;
        const int32_t left = pixel % p->output_width * p->stride_width - p->pad_left;
        windows.from[w] = input + (top * p->input_width + left) * depth;
        if (!p->direct) {
          int8_t *const copy = (int8_t *)scratch + w * ((bytes + 15) / 16 * 16);
          tg_neon_conv_2d_window(p, input, top, left, copy);
          windows.from[w] = copy;
        }
        windows.to[w] = output + pixel * p->output_channels;
      }
      tg_neon_block(&layer, &windows, TG_NEON_BLOCK_WINDOWS, bytes, p->weights, p->output_channels);
    }
    input += p->input_height * p->input_width * depth;
    output += pixels * p->output_channels;
  }
}

#endif /* TG_NEON_CONV_2D_H */
