/* RESIZE_BILINEAR on int8: between four pixels, with weights of 10 fractional bits. */
#ifndef TG_PORTABLE_RESIZE_BILINEAR_H
#define TG_PORTABLE_RESIZE_BILINEAR_H

#include <stdint.h>

#include "tg_fixed_point.h"

struct tg_portable_resize_bilinear_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;
  int32_t output_height;
  int32_t output_width;
  int32_t row_step;    /* input rows from one output row to the next, times 2^10 */
  int32_t row_start;   /* the first output row's place in the input, times 2^10; may be negative */
  int32_t column_step; /* columns likewise */
  int32_t column_start;
};

/* Between two neighbours along one dimension. */
struct tg_portable_resize_bilinear_between {
  int32_t lower;
  int32_t upper;
  int32_t weight; /* of the upper one, times 2^10; the lower one has the rest */
};

TG_INLINE struct tg_portable_resize_bilinear_between tg_portable_resize_bilinear_between_at(
    int32_t place, int32_t size) {
  const int32_t lower = place < 0 ? 0 : place >> 10;
  const int32_t above = (place + 1023) >> 10; /* places are at least -2^9 */
  const struct tg_portable_resize_bilinear_between found = {
      lower, above < size - 1 ? above : size - 1, place - lower * 1024};
  return found;
}

/* One pixel: the four sums of weights times codes stay below 2^30. */
TG_INLINE void tg_portable_resize_bilinear_pixel(int32_t channels, const int8_t *lower,
                                                 const int8_t *upper,
                                                 struct tg_portable_resize_bilinear_between column,
                                                 int32_t weight, int8_t *output) {
  const int32_t rest = 1024 - column.weight;
  const int32_t lower_left = (1024 - weight) * rest;
  const int32_t lower_right = (1024 - weight) * column.weight;
  const int32_t upper_left = weight * rest;
  const int32_t upper_right = weight * column.weight;
  const int32_t left = column.lower * channels;
  const int32_t right = column.upper * channels;
  for (int32_t c = 0; c < channels; ++c) {
    const int32_t sum = lower[left + c] * lower_left + lower[right + c] * lower_right +
                        upper[left + c] * upper_left + upper[right + c] * upper_right;
    output[c] = (int8_t)tg_rounding_shift(sum, 20);
  }
}

TG_INLINE void tg_portable_resize_bilinear(const struct tg_portable_resize_bilinear_params *p,
                                           const int8_t *input, int8_t *output) {
  const int32_t row_bytes = p->input_width * p->channels;
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      const struct tg_portable_resize_bilinear_between row =
          tg_portable_resize_bilinear_between_at(p->row_start + y * p->row_step, p->input_height);
      for (int32_t x = 0; x < p->output_width; ++x) {
        const struct tg_portable_resize_bilinear_between column =
            tg_portable_resize_bilinear_between_at(p->column_start + x * p->column_step,
                                                   p->input_width);
        tg_portable_resize_bilinear_pixel(p->channels, input + row.lower * row_bytes,
                                          input + row.upper * row_bytes, column, row.weight,
                                          output);
        output += p->channels;
      }
    }
    input += p->input_height * row_bytes;
  }
}

#endif /* TG_PORTABLE_RESIZE_BILINEAR_H */
