/* CONV_2D of int16 activations in portable C: per output pixel, four output channels at a time. */
#ifndef TG_PORTABLE_CONV_2D_INT16_H
#define TG_PORTABLE_CONV_2D_INT16_H

#include "tg_int16.h"

struct tg_portable_conv_2d_int16_params {
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
  int32_t dilation_height;            /* input rows from tap to tap */
  int32_t dilation_width;             /* input columns from tap to tap */
  int32_t pad_top;                    /* rows of the first window above the image */
  int32_t pad_left;                   /* columns of the first window left of the image */
  int32_t wide;                       /* 1 where a sum may need more than 32 bits */
  int32_t once;                       /* 1 where the result is rounded once */
  int32_t output_min;                 /* lowest code the activation lets through */
  int32_t output_max;                 /* highest code the activation lets through */
  const TG_FLASH int8_t *weights;     /* [output][filter height][filter width][depth of a group] */
  const TG_FLASH int64_t *bias;       /* [output_channels] */
  const TG_FLASH int32_t *multiplier; /* [output_channels] */
  const TG_FLASH int8_t *shift;       /* [output_channels]: see tg_output_int16 */
};

TG_INLINE int16_t tg_portable_conv_2d_int16_output(const struct tg_portable_conv_2d_int16_params *p,
                                                   int64_t sum, int32_t channel) {
  return tg_output_int16(sum, p->multiplier[channel], p->shift[channel], p->once, p->output_min,
                         p->output_max);
}

TG_INLINE void tg_portable_conv_2d_int16_pixel(const void *params, const int16_t *image,
                                               int32_t origin, struct tg_taps rows,
                                               struct tg_taps columns, int16_t *output) {
  const struct tg_portable_conv_2d_int16_params *const p =
      (const struct tg_portable_conv_2d_int16_params *)params;
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
    const int16_t *source = image + group * depth;
    for (int32_t block = 0; block < blocks_end; block += 4) {
      const TG_FLASH int64_t *bias = p->bias + channel;
      struct tg_sums_int16 sums = {bias[0], bias[1], bias[2], bias[3]};
      for (int32_t y = rows.first; y < rows.last; ++y) {
        for (int32_t x = columns.first; x < last_column; ++x) {
          tg_dot4_int16(&sums, source + (origin + y * input_row + x * input_column),
                        filter + y * filter_row + x * depth, filter_size, run, depth, p->wide);
        }
      }
      output[channel] = tg_portable_conv_2d_int16_output(p, sums.s0, channel);
      output[channel + 1] = tg_portable_conv_2d_int16_output(p, sums.s1, channel + 1);
      output[channel + 2] = tg_portable_conv_2d_int16_output(p, sums.s2, channel + 2);
      output[channel + 3] = tg_portable_conv_2d_int16_output(p, sums.s3, channel + 3);
      filter += 4 * filter_size;
      channel += 4;
    }
    for (int32_t last = 0; last < p->last_outputs; ++last) {
      int64_t sum = p->bias[channel];
      for (int32_t y = rows.first; y < rows.last; ++y) {
        for (int32_t x = columns.first; x < last_column; ++x) {
          sum = tg_dot1_int16(sum, source + (origin + y * input_row + x * input_column),
                              filter + y * filter_row + x * depth, run, depth, p->wide);
        }
      }
      output[channel] = tg_portable_conv_2d_int16_output(p, sum, channel);
      filter += filter_size;
      ++channel;
    }
  }
}

TG_INLINE void tg_portable_conv_2d_int16(const struct tg_portable_conv_2d_int16_params *p,
                                         const int16_t *input, int16_t *output) {
  const struct tg_windows windows = TG_WINDOWS_OF(p, p->output_channels);
  tg_windows_each(&windows, tg_portable_conv_2d_int16_pixel, p, input, output);
}

#endif /* TG_PORTABLE_CONV_2D_INT16_H */
