/* CONV_2D with Helium: two pixels by four channels at a time.
 *
 * A filter of several rows is computed on a strip: the input rows that one output row needs, with
 * their border, in scratch, a pixel of each row below the other ([column][filter row][channel]). A
 * window is then one run of bytes, as a pixel is for a filter of one row without a border, and the
 * next window begins a few columns on. Runs are multiplied in steps of 16 bytes; what stands behind
 * the last one meets weights of zero.
 */
#ifndef TG_MVE_CONV_2D_H
#define TG_MVE_CONV_2D_H

#include "mve/tg_block.h"
#include "mve/tg_strip.h"

struct tg_mve_conv_2d_params {
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
  int32_t dilation_height; /* input rows from tap to tap */
  int32_t pad_top;         /* rows of the first window above the image */
  int32_t pad_left;        /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t direct; /* 1: a window is a run of bytes of the image itself */
  int32_t lines;  /* output rows whose pixels are paired: 2; 1: each with its neighbour */
  int32_t small;  /* 1: less code, and more instructions */
  int32_t twice;  /* how sums are requantized: see tg_mve_scale */
  int32_t left;
  int32_t right;
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int8_t *weights; /* for each four channels: 16 weights of each in turn; then int32:
                                     four tweaks, four m; or four biases, m, shifts */
};

/* Of pixels at `row`, `left` in this line, how many pairs may be read 16 bytes at a time. */
TG_INLINE int32_t tg_mve_conv_2d_safe(const int8_t *row, const int8_t *end, int32_t run,
                                      int32_t step, int32_t left) {
  const int32_t behind = (int32_t)(end - row) - (run + 15) / 16 * 16;
  const int32_t pixels = behind < 0 ? 0 : behind / step + 1;
  return (pixels < left ? pixels : left) / 2;
}

/* Scratch: a strip for each of the lines, and 16 bytes that are read and mean nothing. Where
 * windows lie in the image itself but are no multiple of 16 bytes, two of them up to that: the last
 * ones, behind which nobody may read, are computed on a copy. */
TG_INLINE void tg_mve_conv_2d(const struct tg_mve_conv_2d_params *p, const int8_t *input,
                              int8_t *output, void *scratch) {
  const struct tg_mve_strip_windows windows = {
      .height = p->input_height,
      .width = p->input_width,
      .channels = p->input_channels,
      .rows = p->filter_height,
      .dilation = p->dilation_height,
      .pad_left = p->pad_left,
      .columns = (p->output_width - 1) * p->stride_width + p->filter_width,
      .zero_point = p->input_zero_point,
  };
  const int32_t run = p->filter_height * p->filter_width * p->input_channels;
  const struct tg_mve_layer layer = {
      .steps = (run + 15) / 16,
      .small = p->small,
      .whole = p->output_channels % 4 == 0,
      .twice = p->twice,
      .left = p->left,
      .right = p->right,
      .zero_point = p->output_zero_point,
      .minimum = p->output_min,
      .maximum = p->output_max,
  };
  const int32_t n = p->output_channels, width = p->output_width;
  const int32_t strip = windows.columns * p->filter_height * p->input_channels;
  const int32_t step = p->stride_width * p->filter_height * p->input_channels;
  const int32_t image = p->input_height * p->input_width * p->input_channels;
  const int8_t *const end = input + p->batches * image;
  int8_t *const lines = (int8_t *)scratch;
  const uint8x16_t offsets =
      p->input_channels < 16 ? tg_mve_strip_offsets(&windows) : vdupq_n_u8(0);
  if (!p->direct) {
    tg_mve_layer_fill(lines, p->lines * strip, p->input_zero_point);
  }
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; y += p->lines) {
      const int32_t top = y * p->stride_height - p->pad_top;
      const int32_t below = p->lines == 2 && y + 1 < p->output_height;
      const int8_t *row = input + top * p->input_width * p->input_channels;
      if (!p->direct) {
        row = lines;
        tg_mve_strip(&windows, input, top, lines, offsets);
        if (below) {
          tg_mve_strip(&windows, input, top + p->stride_height, lines + strip, offsets);
        }
      }
      for (int32_t x = 0; x < width;) {
        struct tg_mve_block_pairs pairs = {
            .row0 = row,
            .output0 = output,
            .output1 = output + (p->lines == 1 ? n
                                 : below       ? width * n
                                               : 0),
            .channels = n,
            .row1 = row + (p->lines == 1 ? step
                           : below       ? strip
                                         : 0),
            .weights = p->weights,
            .count = width,
            .row_step = (3 - p->lines) * step,
            .output_step = (3 - p->lines) * n - (n + 3) / 4 * 4,
        };
        int32_t pixels = width;
        if (p->lines == 1) {
          pairs.count = p->direct && run % 16 != 0
                            ? tg_mve_conv_2d_safe(row, end, run, step, width - x)
                            : (width - x) / 2;
          pixels = 2 * pairs.count;
          if (pairs.count == 0) {
            pixels = width - x < 2 ? 1 : 2;
            pairs.count = 1;
            if (pixels == 1) {
              pairs.row1 = row;
              pairs.output1 = output;
            }
            if (p->direct && run % 16 != 0) {
              pairs.row0 = tg_mve_layer_copy(pairs.row0, lines, run);
              pairs.row1 = tg_mve_layer_copy(pairs.row1, lines + 16 * layer.steps, run);
            }
          }
        }
        tg_mve_blocks(&pairs, &layer);
        x += pixels;
        row += pixels * step;
        output += pixels * n;
      }
      output += below ? width * n : 0;
    }
    input += image;
  }
}

#endif /* TG_MVE_CONV_2D_H */
