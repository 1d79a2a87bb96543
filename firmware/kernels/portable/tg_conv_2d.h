/* CONV_2D in portable C: per output pixel, four output channels at a time. */
#ifndef TG_PORTABLE_CONV_2D_H
#define TG_PORTABLE_CONV_2D_H

#include <stdint.h>

#include "tg_weighted.h"

struct tg_portable_conv_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t input_channels;
  int32_t output_height;
  int32_t output_width;
  int32_t output_channels;
  int32_t groups;       /* of channels, each convolved by itself */
  int32_t last_outputs; /* output channels of a group beyond whole fours of them */
  int32_t filter_height;
  int32_t filter_width;
  int32_t stride_height;
  int32_t stride_width;
  int32_t dilation_height; /* input rows from tap to tap */
  int32_t dilation_width;  /* input columns from tap to tap */
  int32_t pad_top;         /* rows of the first window above the image */
  int32_t pad_left;        /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t all_right;                  /* 1 where each of `shift` is negative */
  int32_t output_min;                 /* lowest code the activation lets through */
  int32_t output_max;                 /* highest code the activation lets through */
  const TG_FLASH int8_t *weights;     /* [output][filter height][filter width][depth of a group] */
  const TG_FLASH int32_t *bias;       /* [output_channels] */
  const TG_FLASH int32_t *multiplier; /* [output_channels]; the scale's ratio is */
  const TG_FLASH int8_t *shift;       /* [output_channels]; multiplier * 2^(shift - 31) */
};

TG_INLINE int8_t tg_portable_conv_2d_output(const struct tg_portable_conv_2d_params *p,
                                            uint32_t sum, int32_t channel) {
  return tg_output(sum, p->multiplier[channel], p->shift[channel], p->all_right,
                   p->output_zero_point, p->output_min, p->output_max);
}

/* One output pixel; `origin` is the input under tap (0, 0), which may lie outside the image. */
TG_INLINE void tg_portable_conv_2d_pixel(const struct tg_portable_conv_2d_params *p,
                                         const int8_t *image, int32_t origin, struct tg_taps rows,
                                         struct tg_taps columns, int8_t *output) {
  const int32_t depth = p->input_channels / p->groups;
  const int32_t filter_row = p->filter_width * depth;
  const int32_t filter_size = p->filter_height * filter_row;
  const int32_t input_row = p->dilation_height * p->input_width * p->input_channels;
  const int32_t input_column = p->dilation_width * p->input_channels;
  /* Neighbouring taps are neighbours in memory, in the input and in the weights. */
  const int joined = p->dilation_width == 1 && p->groups == 1;
  const int32_t run = joined ? (columns.last - columns.first) * depth : depth;
  const int32_t last_column = joined ? columns.first + 1 : columns.last;
  const int32_t per_group = p->output_channels / p->groups;
  const int32_t blocks_end = per_group - p->last_outputs;
  const TG_FLASH int8_t *filter = p->weights;
  int32_t channel = 0;
  for (int32_t group = 0; group < p->groups; ++group) {
    const int8_t *source = image + group * depth;
    for (int32_t block = 0; block < blocks_end; block += 4) {
      const TG_FLASH int32_t *bias = p->bias + channel;
      struct tg_sums sums = {(uint32_t)bias[0], (uint32_t)bias[1], (uint32_t)bias[2],
                             (uint32_t)bias[3]};
      for (int32_t y = rows.first; y < rows.last; ++y) {
        for (int32_t x = columns.first; x < last_column; ++x) {
          tg_dot4(&sums, source + (origin + y * input_row + x * input_column), p->input_zero_point,
                  filter + y * filter_row + x * depth, filter_size, run, depth);
        }
      }
      output[channel] = tg_portable_conv_2d_output(p, sums.s0, channel);
      output[channel + 1] = tg_portable_conv_2d_output(p, sums.s1, channel + 1);
      output[channel + 2] = tg_portable_conv_2d_output(p, sums.s2, channel + 2);
      output[channel + 3] = tg_portable_conv_2d_output(p, sums.s3, channel + 3);
      filter += 4 * filter_size;
      channel += 4;
    }
    for (int32_t last = 0; last < p->last_outputs; ++last) {
      uint32_t sum = (uint32_t)p->bias[channel];
      for (int32_t y = rows.first; y < rows.last; ++y) {
        for (int32_t x = columns.first; x < last_column; ++x) {
          sum = tg_dot1(sum, source + (origin + y * input_row + x * input_column),
                        p->input_zero_point, filter + y * filter_row + x * depth, run, depth);
        }
      }
      output[channel] = tg_portable_conv_2d_output(p, sum, channel);
      filter += filter_size;
      ++channel;
    }
  }
}

/* Every output pixel; from each to the next it is `step` bytes. */
TG_INLINE void tg_portable_conv_2d_every(const struct tg_portable_conv_2d_params *p,
                                         const int8_t *input, int8_t *output, int32_t step) {
  const int full_rows = tg_unpadded(p->input_height, p->output_height, p->filter_height,
                                    p->stride_height, p->dilation_height, p->pad_top);
  const int full_columns = tg_unpadded(p->input_width, p->output_width, p->filter_width,
                                       p->stride_width, p->dilation_width, p->pad_left);
  struct tg_taps rows = {0, p->filter_height};
  struct tg_taps columns = {0, p->filter_width};
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    int32_t top = -p->pad_top;
    for (int32_t y = 0; y < p->output_height; ++y) {
      if (!full_rows) {
        rows = tg_taps_inside(top, p->input_height, p->filter_height, p->dilation_height);
      }
      int32_t left = -p->pad_left;
      for (int32_t x = 0; x < p->output_width; ++x) {
        if (!full_columns) {
          columns = tg_taps_inside(left, p->input_width, p->filter_width, p->dilation_width);
        }
        tg_portable_conv_2d_pixel(p, input, (top * p->input_width + left) * p->input_channels, rows,
                                  columns, output);
        output += step;
        left += p->stride_width;
      }
      top += p->stride_height;
    }
    input += p->input_height * p->input_width * p->input_channels;
  }
}

TG_INLINE void tg_portable_conv_2d(const struct tg_portable_conv_2d_params *p, const int8_t *input,
                                   int8_t *output) {
  tg_portable_conv_2d_every(p, input, output, p->output_channels);
}

#endif /* TG_PORTABLE_CONV_2D_H */
