/* TRANSPOSE_CONV in portable C: per output pixel the taps that reach it, four channels at a time.
 */
#ifndef TG_PORTABLE_TRANSPOSE_CONV_H
#define TG_PORTABLE_TRANSPOSE_CONV_H

#include <stdint.h>

#include "tg_reach.h"
#include "tg_weighted.h"

struct tg_portable_transpose_conv_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t input_channels;
  int32_t output_height;
  int32_t output_width;
  int32_t output_channels;
  int32_t filter_height;
  int32_t filter_width;
  int32_t stride_height; /* output rows from one input row to the next */
  int32_t stride_width;
  int32_t pad_top; /* rows of the first input row's window above the output */
  int32_t pad_left;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t all_right;                  /* 1 where each of `shift` is negative */
  int32_t output_min;                 /* lowest code the activation lets through */
  int32_t output_max;                 /* highest code the activation lets through */
  const TG_FLASH int8_t *weights;     /* [output][filter height][filter width][input channels] */
  const TG_FLASH int32_t *bias;       /* [output_channels] */
  const TG_FLASH int32_t *multiplier; /* [output_channels]; the scale's ratio is */
  const TG_FLASH int8_t *shift;       /* [output_channels]; multiplier * 2^(shift - 31) */
};

TG_INLINE int8_t tg_portable_transpose_conv_output(
    const struct tg_portable_transpose_conv_params *p, uint32_t sum, int32_t channel) {
  return tg_output(sum, p->multiplier[channel], p->shift[channel], p->all_right,
                   p->output_zero_point, p->output_min, p->output_max);
}

TG_INLINE void tg_portable_transpose_conv_pixel(const struct tg_portable_transpose_conv_params *p,
                                                const int8_t *image, struct tg_reach rows,
                                                struct tg_reach columns, int8_t *output) {
  const int32_t depth = p->input_channels;
  const int32_t filter_size = p->filter_height * p->filter_width * depth;
  const int32_t blocks_end = p->output_channels - p->output_channels % 4;
  for (int32_t channel = 0; channel < p->output_channels; channel += channel < blocks_end ? 4 : 1) {
    const TG_FLASH int32_t *bias = p->bias + channel;
    const TG_FLASH int8_t *filter = p->weights + channel * filter_size;
    struct tg_sums sums = {(uint32_t)bias[0], 0, 0, 0};
    if (channel < blocks_end) {
      sums.s1 = (uint32_t)bias[1];
      sums.s2 = (uint32_t)bias[2];
      sums.s3 = (uint32_t)bias[3];
    }
    for (int32_t y = 0; y < rows.count; ++y) {
      const int32_t tap_row = (rows.first + y * p->stride_height) * p->filter_width;
      const int32_t input_row = (rows.element - y) * p->input_width;
      for (int32_t x = 0; x < columns.count; ++x) {
        const int32_t tap = tap_row + columns.first + x * p->stride_width;
        const int8_t *source = image + (input_row + columns.element - x) * depth;
        if (channel < blocks_end) {
          tg_dot4(&sums, source, p->input_zero_point, filter + tap * depth, filter_size, depth,
                  depth);
        } else {
          sums.s0 =
              tg_dot1(sums.s0, source, p->input_zero_point, filter + tap * depth, depth, depth);
        }
      }
    }
    output[channel] = tg_portable_transpose_conv_output(p, sums.s0, channel);
    if (channel < blocks_end) {
      output[channel + 1] = tg_portable_transpose_conv_output(p, sums.s1, channel + 1);
      output[channel + 2] = tg_portable_transpose_conv_output(p, sums.s2, channel + 2);
      output[channel + 3] = tg_portable_transpose_conv_output(p, sums.s3, channel + 3);
    }
  }
}

TG_INLINE void tg_portable_transpose_conv(const struct tg_portable_transpose_conv_params *p,
                                          const int8_t *input, int8_t *output) {
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      const struct tg_reach rows =
          tg_reach_of(y + p->pad_top, p->input_height, p->filter_height, p->stride_height);
      for (int32_t x = 0; x < p->output_width; ++x) {
        const struct tg_reach columns =
            tg_reach_of(x + p->pad_left, p->input_width, p->filter_width, p->stride_width);
        tg_portable_transpose_conv_pixel(p, input, rows, columns, output);
        output += p->output_channels;
      }
    }
    input += p->input_height * p->input_width * p->input_channels;
  }
}

#endif /* TG_PORTABLE_TRANSPOSE_CONV_H */
