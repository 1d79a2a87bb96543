/* CONV_2D with the ESP32-S3's vectors: the inputs of a window are one run of bytes, of the image
 * where the filter is one pixel, else of a strip, and every output channel is a sum over it.
 */
#ifndef TG_ESP32S3_CONV_2D_H
#define TG_ESP32S3_CONV_2D_H

#include "esp32s3/tg_block.h"
#include "esp32s3/tg_strip.h"

struct tg_esp32s3_conv_2d_params {
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
  int32_t pad_top;
  int32_t pad_left;
  int32_t input_zero_point;
  int32_t columns; /* of a strip: what all windows of a row reach over */
  int32_t direct;  /* 1: windows are runs of the image */
  int32_t twice;   /* how sums are requantized: see tg_esp32s3_layer */
  int32_t left;
  int32_t right;
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int8_t *weights;    /* of each channel, [column][row][input], in whole
                                        vectors; two vectors of zeros */
  const TG_FLASH int32_t *constants; /* of each channel: tweak, m; or bias, m, half, shift */
};

/* Scratch, to begin where a vector does: a window in whole vectors if those are more than six and
 * not every window starts where one does; a strip, if windows are no runs of the image; and two
 * vectors.
 */
TG_INLINE void tg_esp32s3_conv_2d(const struct tg_esp32s3_conv_2d_params *p, const int8_t *input,
                                  int8_t *output, void *scratch) {
  const int32_t depth = p->input_channels, column = p->filter_height * depth;
  const int32_t image = p->input_height * p->input_width * depth;
  const struct tg_esp32s3_strip_windows windows = {
      .height = p->input_height,
      .width = p->input_width,
      .channels = depth,
      .rows = p->filter_height,
      .dilation = p->dilation_height,
      .pad_left = p->pad_left,
      .columns = p->columns,
      .zero_point = p->input_zero_point,
  };
  const struct tg_esp32s3_layer layer = {
      .steps = (column * p->filter_width + 15) / 16,
      .twice = p->twice,
      .left = p->left,
      .right = p->right,
      .zero_point = p->output_zero_point,
      .minimum = p->output_min,
      .maximum = p->output_max,
  };
  const int32_t step = p->stride_width * column;
  const int32_t copied = layer.steps > 6 && (p->direct || step % 16 != 0);
  int8_t *const copy = tg_esp32s3_layer_aligned(scratch);
  int8_t *const strip = copy + (copied ? 16 * layer.steps : 0);
  const int8_t *const end = tg_esp32s3_layer_last(input, p->batches * image);
  const int8_t *const last =
      p->direct ? end : tg_esp32s3_layer_last(strip, p->columns * column + 32);
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      const int32_t top = y * p->stride_height - p->pad_top;
      const int8_t *run = strip;
      if (p->direct) {
        run = input + top * p->input_width * depth;
      } else {
        tg_esp32s3_strip(&windows, input, top, strip, end);
      }
      for (int32_t x = p->output_width; x > 0; --x) {
        const int8_t *window = run;
        if (copied) {
          tg_esp32s3_layer_copy(copy, run, layer.steps, last);
          window = copy;
        }
        tg_esp32s3_block(window, last, output, p->output_channels, p->weights, p->constants,
                         &layer);
        run += step;
        output += p->output_channels;
      }
    }
    input += image;
  }
}

#endif /* TG_ESP32S3_CONV_2D_H */
