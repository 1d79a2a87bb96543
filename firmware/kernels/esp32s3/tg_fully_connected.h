/* FULLY_CONNECTED with the ESP32-S3's vectors: a row is a run, of which every unit is a channel. */
#ifndef TG_ESP32S3_FULLY_CONNECTED_H
#define TG_ESP32S3_FULLY_CONNECTED_H

#include "esp32s3/tg_block.h"

struct tg_esp32s3_fully_connected_params {
  int32_t rows;
  int32_t depth;
  int32_t units;
  int32_t twice; /* how sums are requantized: see tg_esp32s3_layer */
  int32_t left;
  int32_t right;
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int8_t *weights;    /* of each unit in whole vectors; two vectors of zeros */
  const TG_FLASH int32_t *constants; /* of each unit: tweak, m; or bias, m, half, shift */
};

/* Scratch: room for a row in whole vectors and 12 bytes more, where those are more than six. What
 * is loaded behind a row is multiplied by zero. */
TG_INLINE void tg_esp32s3_fully_connected(const struct tg_esp32s3_fully_connected_params *p,
                                          const int8_t *input, int8_t *output, void *scratch) {
  const struct tg_esp32s3_layer layer = {
      .steps = (p->depth + 15) / 16,
      .twice = p->twice,
      .left = p->left,
      .right = p->right,
      .zero_point = p->output_zero_point,
      .minimum = p->output_min,
      .maximum = p->output_max,
  };
  int8_t *const copy = tg_esp32s3_layer_aligned(scratch);
  const int8_t *const last = tg_esp32s3_layer_last(input, p->rows * p->depth);
  for (int32_t row = 0; row < p->rows; ++row) {
    const int8_t *run = input;
    if (layer.steps > 6) {
      tg_esp32s3_layer_copy(copy, input, layer.steps, last);
      run = copy;
    }
    tg_esp32s3_block(run, last, output, p->units, p->weights, p->constants, &layer);
    input += p->depth;
    output += p->units;
  }
}

#endif /* TG_ESP32S3_FULLY_CONNECTED_H */
