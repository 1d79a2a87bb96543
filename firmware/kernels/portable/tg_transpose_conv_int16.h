/* TRANSPOSE_CONV of int16 activations in portable C: per output pixel the taps that reach it. */
#ifndef TG_PORTABLE_TRANSPOSE_CONV_INT16_H
#define TG_PORTABLE_TRANSPOSE_CONV_INT16_H

#include "tg_int16.h"
#include "tg_reach.h"

struct tg_portable_transpose_conv_int16_params {
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
  int32_t wide;                       /* 1 where a sum may need more than 32 bits */
  int32_t once;                       /* 1 where the result is rounded once */
  int32_t output_min;                 /* lowest code the activation lets through */
  int32_t output_max;                 /* highest code the activation lets through */
  const TG_FLASH int8_t *weights;     /* [output][filter height][filter width][input channels] */
  const TG_FLASH int64_t *bias;       /* [output_channels] */
  const TG_FLASH int32_t *multiplier; /* [output_channels] */
  const TG_FLASH int8_t *shift;       /* [output_channels]: see tg_output_int16 */
};

TG_INLINE void tg_portable_transpose_conv_int16_pixel(
    const struct tg_portable_transpose_conv_int16_params *p, const int16_t *image,
    struct tg_reach rows, struct tg_reach columns, int16_t *output) {
  const int32_t depth = p->input_channels;
  const int32_t filter_size = p->filter_height * p->filter_width * depth;
  for (int32_t channel = 0; channel < p->output_channels; ++channel) {
    const TG_FLASH int8_t *filter = p->weights + channel * filter_size;
    int64_t sum = p->bias[channel];
    for (int32_t y = 0; y < rows.count; ++y) {
      const int32_t tap_row = (rows.first + y * p->stride_height) * p->filter_width;
      const int32_t input_row = (rows.element - y) * p->input_width;
      for (int32_t x = 0; x < columns.count; ++x) {
        const int32_t tap = tap_row + columns.first + x * p->stride_width;
        sum = tg_dot1_int16(sum, image + (input_row + columns.element - x) * depth,
                            filter + tap * depth, depth, depth, p->wide);
      }
    }
    output[channel] = tg_output_int16(sum, p->multiplier[channel], p->shift[channel], p->once,
                                      p->output_min, p->output_max);
  }
}

TG_INLINE void tg_portable_transpose_conv_int16(
    const struct tg_portable_transpose_conv_int16_params *p, const int16_t *input,
    int16_t *output) {
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      const struct tg_reach rows =
          tg_reach_of(y + p->pad_top, p->input_height, p->filter_height, p->stride_height);
      for (int32_t x = 0; x < p->output_width; ++x) {
        const struct tg_reach columns =
            tg_reach_of(x + p->pad_left, p->input_width, p->filter_width, p->stride_width);
        tg_portable_transpose_conv_int16_pixel(p, input, rows, columns, output);
        output += p->output_channels;
      }
    }
    input += p->input_height * p->input_width * p->input_channels;
  }
}

#endif /* TG_PORTABLE_TRANSPOSE_CONV_INT16_H */
