/* DEPTHWISE_CONV_2D in portable C: per output pixel, four output channels at a time. */
#ifndef TG_PORTABLE_DEPTHWISE_CONV_2D_H
#define TG_PORTABLE_DEPTHWISE_CONV_2D_H

#include <stdint.h>

#include "tg_weighted.h"

struct tg_portable_depthwise_conv_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t input_channels;
  int32_t output_height;
  int32_t output_width;
  int32_t depth_multiplier; /* output channels per input channel */
  int32_t last_outputs;     /* those beyond whole fours, or of all channels where it is one */
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
  const TG_FLASH int8_t *weights;     /* [filter height][filter width][output channels] */
  const TG_FLASH int32_t *bias;       /* [output channels] */
  const TG_FLASH int32_t *multiplier; /* [output channels]; the scale's ratio is */
  const TG_FLASH int8_t *shift;       /* [output channels]; multiplier * 2^(shift - 31) */
};

TG_INLINE int8_t tg_portable_depthwise_conv_2d_output(
    const struct tg_portable_depthwise_conv_2d_params *p, uint32_t sum, int32_t channel) {
  return tg_output(sum, p->multiplier[channel], p->shift[channel], p->all_right,
                   p->output_zero_point, p->output_min, p->output_max);
}

/* Four neighbouring output channels of one pixel. Their inputs are `spread` apart: 1, or 0 where
 * all four are filters of the same input channel. `input` is under tap (0, 0) and may lie outside
 * the image. */
TG_INLINE void tg_portable_depthwise_conv_2d_four(
    const struct tg_portable_depthwise_conv_2d_params *p, const int8_t *image, int32_t origin,
    struct tg_taps rows, struct tg_taps columns, int32_t channel, int32_t spread, int8_t *output) {
  const int32_t channels = p->input_channels * p->depth_multiplier;
  const int32_t row = p->dilation_height * p->input_width * p->input_channels;
  const int32_t column = p->dilation_width * p->input_channels;
  const int32_t count = columns.last - columns.first;
  uint32_t s0 = (uint32_t)p->bias[channel];
  uint32_t s1 = (uint32_t)p->bias[channel + 1];
  uint32_t s2 = (uint32_t)p->bias[channel + 2];
  uint32_t s3 = (uint32_t)p->bias[channel + 3];
  for (int32_t y = rows.first; y < rows.last; ++y) {
    const int8_t *input = image + (origin + y * row + columns.first * column);
    const TG_FLASH int8_t *weights =
        p->weights + (y * p->filter_width + columns.first) * channels + channel;
    for (int32_t x = 0; x < count; ++x) {
      s0 += (uint32_t)(weights[0] * (input[0] - p->input_zero_point));
      s1 += (uint32_t)(weights[1] * (input[spread] - p->input_zero_point));
      s2 += (uint32_t)(weights[2] * (input[2 * spread] - p->input_zero_point));
      s3 += (uint32_t)(weights[3] * (input[3 * spread] - p->input_zero_point));
      input += column;
      weights += channels;
    }
  }
  output[channel] = tg_portable_depthwise_conv_2d_output(p, s0, channel);
  output[channel + 1] = tg_portable_depthwise_conv_2d_output(p, s1, channel + 1);
  output[channel + 2] = tg_portable_depthwise_conv_2d_output(p, s2, channel + 2);
  output[channel + 3] = tg_portable_depthwise_conv_2d_output(p, s3, channel + 3);
}

/* One output channel of one pixel. */
TG_INLINE void tg_portable_depthwise_conv_2d_one(
    const struct tg_portable_depthwise_conv_2d_params *p, const int8_t *image, int32_t origin,
    struct tg_taps rows, struct tg_taps columns, int32_t channel, int8_t *output) {
  const int32_t channels = p->input_channels * p->depth_multiplier;
  const int32_t row = p->dilation_height * p->input_width * p->input_channels;
  const int32_t column = p->dilation_width * p->input_channels;
  uint32_t sum = (uint32_t)p->bias[channel];
  for (int32_t y = rows.first; y < rows.last; ++y) {
    const int8_t *input = image + (origin + y * row + columns.first * column);
    const TG_FLASH int8_t *weights =
        p->weights + (y * p->filter_width + columns.first) * channels + channel;
    for (int32_t x = columns.first; x < columns.last; ++x) {
      sum += (uint32_t)(*weights * (*input - p->input_zero_point));
      input += column;
      weights += channels;
    }
  }
  output[channel] = tg_portable_depthwise_conv_2d_output(p, sum, channel);
}

/* All channels of one pixel. */
TG_INLINE void tg_portable_depthwise_conv_2d_pixel(
    const struct tg_portable_depthwise_conv_2d_params *p, const int8_t *image, int32_t origin,
    struct tg_taps rows, struct tg_taps columns, int8_t *output) {
  if (p->depth_multiplier == 1) {
    const int32_t blocks_end = p->input_channels - p->last_outputs;
    for (int32_t channel = 0; channel < blocks_end; channel += 4) {
      tg_portable_depthwise_conv_2d_four(p, image, origin + channel, rows, columns, channel, 1,
                                         output);
    }
    for (int32_t last = 0; last < p->last_outputs; ++last) {
      const int32_t channel = blocks_end + last;
      tg_portable_depthwise_conv_2d_one(p, image, origin + channel, rows, columns, channel, output);
    }
    return;
  }
  const int32_t blocks_end = p->depth_multiplier - p->last_outputs;
  for (int32_t source = 0; source < p->input_channels; ++source) {
    const int32_t channel = source * p->depth_multiplier;
    for (int32_t filter = 0; filter < blocks_end; filter += 4) {
      tg_portable_depthwise_conv_2d_four(p, image, origin + source, rows, columns, channel + filter,
                                         0, output);
    }
    for (int32_t last = 0; last < p->last_outputs; ++last) {
      tg_portable_depthwise_conv_2d_one(p, image, origin + source, rows, columns,
                                        channel + blocks_end + last, output);
    }
  }
}

TG_INLINE void tg_portable_depthwise_conv_2d(const struct tg_portable_depthwise_conv_2d_params *p,
                                             const int8_t *input, int8_t *output) {
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
        tg_portable_depthwise_conv_2d_pixel(
            p, input, (top * p->input_width + left) * p->input_channels, rows, columns, output);
        output += p->input_channels * p->depth_multiplier;
        left += p->stride_width;
      }
      top += p->stride_height;
    }
    input += p->input_height * p->input_width * p->input_channels;
  }
}

#endif /* TG_PORTABLE_DEPTHWISE_CONV_2D_H */
