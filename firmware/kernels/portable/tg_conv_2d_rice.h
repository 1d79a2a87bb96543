/* CONV_2D in portable C, of weights in a Rice code: those of four output channels are decoded, and
 * used for the whole image, by tg_conv_2d.h.
 */
#ifndef TG_PORTABLE_CONV_2D_RICE_H
#define TG_PORTABLE_CONV_2D_RICE_H

#include <stdint.h>

#include "portable/tg_conv_2d.h"
#include "tg_rice.h"

struct tg_portable_conv_2d_rice_params {
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
  int32_t dilation_width;  /* input columns from tap to tap */
  int32_t pad_top;         /* rows of the first window above the image */
  int32_t pad_left;        /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t all_right;                  /* 1 where each of `shift` is negative */
  int32_t output_min;                 /* lowest code the activation lets through */
  int32_t output_max;                 /* highest code the activation lets through */
  const TG_FLASH int32_t *weights;    /* a row for each output channel: see tg_rice.h */
  const TG_FLASH int32_t *bias;       /* [output_channels] */
  const TG_FLASH int32_t *multiplier; /* [output_channels]; the scale's ratio is */
  const TG_FLASH int8_t *shift;       /* [output_channels]; multiplier * 2^(shift - 31) */
  const TG_FLASH int8_t *values;      /* of the numbers in the code */
};

/* Decodes `count` rows of `size` weights. Apart, and for all layers: inlined it would take the
 * registers of what follows. */
TG_LAYER void tg_portable_conv_2d_rice_rows(struct tg_rice *weights, const TG_FLASH int8_t *values,
                                            int32_t count, int32_t size, int8_t *filter) {
  struct tg_rice at = *weights;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t k = tg_rice_row(&at);
    for (const int8_t *end = filter + size; filter != end; ++filter) {
      *filter = values[tg_rice_number(&at, k)];
    }
  }
  *weights = at;
}

/* Scratch: the weights of four output channels. */
TG_INLINE void tg_portable_conv_2d_rice(const struct tg_portable_conv_2d_rice_params *p,
                                        const int8_t *input, int8_t *output, void *scratch) {
  int8_t *const filters = (int8_t *)scratch;
  const int32_t filter_size = p->filter_height * p->filter_width * p->input_channels;
  struct tg_rice weights = tg_rice_begin(p->weights);
  for (int32_t channel = 0; channel < p->output_channels; channel += 4) {
    const int32_t left = p->output_channels - channel;
    const int32_t count = left < 4 ? left : 4;
    tg_portable_conv_2d_rice_rows(&weights, p->values, count, filter_size, filters);
    const struct tg_portable_conv_2d_params four = {.batches = p->batches,
                                                    .input_height = p->input_height,
                                                    .input_width = p->input_width,
                                                    .input_channels = p->input_channels,
                                                    .output_height = p->output_height,
                                                    .output_width = p->output_width,
                                                    .output_channels = count,
                                                    .groups = 1,
                                                    .last_outputs = count % 4,
                                                    .filter_height = p->filter_height,
                                                    .filter_width = p->filter_width,
                                                    .stride_height = p->stride_height,
                                                    .stride_width = p->stride_width,
                                                    .dilation_height = p->dilation_height,
                                                    .dilation_width = p->dilation_width,
                                                    .pad_top = p->pad_top,
                                                    .pad_left = p->pad_left,
                                                    .input_zero_point = p->input_zero_point,
                                                    .output_zero_point = p->output_zero_point,
                                                    .all_right = p->all_right,
                                                    .output_min = p->output_min,
                                                    .output_max = p->output_max,
                                                    .weights = filters,
                                                    .bias = p->bias + channel,
                                                    .multiplier = p->multiplier + channel,
                                                    .shift = p->shift + channel};
    tg_portable_conv_2d_every(&four, input, output + channel, p->output_channels);
  }
}

#endif /* TG_PORTABLE_CONV_2D_RICE_H */
