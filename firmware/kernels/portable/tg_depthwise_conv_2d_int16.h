/* DEPTHWISE_CONV_2D of int16 activations in portable C: one output channel of a pixel at a time. */
#ifndef TG_PORTABLE_DEPTHWISE_CONV_2D_INT16_H
#define TG_PORTABLE_DEPTHWISE_CONV_2D_INT16_H

#include "tg_int16.h"

struct tg_portable_depthwise_conv_2d_int16_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t input_channels;
  int32_t output_height;
  int32_t output_width;
  int32_t depth_multiplier; /* output channels per input channel */
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
  const TG_FLASH int8_t *weights;     /* [filter height][filter width][output channels] */
  const TG_FLASH int64_t *bias;       /* [output channels] */
  const TG_FLASH int32_t *multiplier; /* [output channels] */
  const TG_FLASH int8_t *shift;       /* [output channels]: see tg_output_int16 */
};

TG_INLINE void tg_portable_depthwise_conv_2d_int16_pixel(const void *params, const int16_t *image,
                                                         int32_t origin, struct tg_taps rows,
                                                         struct tg_taps columns, int16_t *output) {
  const struct tg_portable_depthwise_conv_2d_int16_params *const p =
      (const struct tg_portable_depthwise_conv_2d_int16_params *)params;
  const int32_t channels = p->input_channels * p->depth_multiplier;
  const int32_t row = p->dilation_height * p->input_width * p->input_channels;
  const int32_t column = p->dilation_width * p->input_channels;
  int32_t channel = 0;
  for (int32_t source = 0; source < p->input_channels; ++source) {
    for (int32_t filter = 0; filter < p->depth_multiplier; ++filter, ++channel) {
      int64_t sum = p->bias[channel];
      for (int32_t y = rows.first; y < rows.last; ++y) {
        const int16_t *input = image + (origin + source + y * row + columns.first * column);
        const TG_FLASH int8_t *weights =
            p->weights + (y * p->filter_width + columns.first) * channels + channel;
        for (int32_t x = columns.first; x < columns.last; ++x) {
          sum = tg_add_int16(sum, (int32_t)*weights * *input, p->wide);
          input += column;
          weights += channels;
        }
      }
      output[channel] = tg_output_int16(sum, p->multiplier[channel], p->shift[channel], p->once,
                                        p->output_min, p->output_max);
    }
  }
}

TG_INLINE void tg_portable_depthwise_conv_2d_int16(
    const struct tg_portable_depthwise_conv_2d_int16_params *p, const int16_t *input,
    int16_t *output) {
  const struct tg_windows windows = TG_WINDOWS_OF(p, p->input_channels * p->depth_multiplier);
  tg_windows_each(&windows, tg_portable_depthwise_conv_2d_int16_pixel, p, input, output);
}

#endif /* TG_PORTABLE_DEPTHWISE_CONV_2D_INT16_H */
