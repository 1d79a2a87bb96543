/* DEPTHWISE_CONV_2D in portable C for cores that multiply words: three rows in two words
 * (tg_packed.h).
 *
 * A channel is computed by itself, three output rows at a time: of the input rows under each row of
 * the filter, three are packed, column by column. A window is then one run of packed words.
 *
 * Scratch: the filters of a channel [depth multiplier][taps], in words; packed columns
 * [column][filter row][2]; rows of the input that the next three output rows need and that these,
 * in place, write over [pad top][input width], in bytes.
 */
#ifndef TG_PORTABLE_DEPTHWISE_CONV_2D_PACKED_H
#define TG_PORTABLE_DEPTHWISE_CONV_2D_PACKED_H

#include <stdint.h>
#include <string.h>

#include "tg_affine.h"
#include "tg_packed.h"

struct tg_portable_depthwise_conv_2d_packed_params {
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
  int32_t pad_top;  /* rows of the first window above the image */
  int32_t pad_left; /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t kept;  /* 1 where rows are kept for the next three: in place they are written over */
  int32_t split; /* see tg_scale */
  int32_t shift;
  int32_t wide;
  int32_t falls;
  int32_t each;
  const TG_FLASH int8_t *weights;  /* [output channel][filter column][filter row] */
  const TG_FLASH int32_t *bias;    /* see tg_channel: of each output channel */
  const TG_FLASH int32_t *numbers; /* [output channels or 1][3 or 5]: the rest of it */
};

/* Numbers of a row, one for each of its columns. */
struct tg_portable_depthwise_conv_2d_packed_row {
  const int8_t *first;
  int32_t step;
};

/* Columns under the windows of a row. */
TG_INLINE int32_t tg_portable_depthwise_conv_2d_packed_columns(
    const struct tg_portable_depthwise_conv_2d_packed_params *p) {
  return (p->output_width - 1) * p->stride_width + p->filter_width;
}

/* A row of the channel's image; what lies outside of it is the zero point, again and again. Rows
 * before `fresh` were kept. */
TG_INLINE struct tg_portable_depthwise_conv_2d_packed_row tg_portable_depthwise_conv_2d_packed_find(
    const struct tg_portable_depthwise_conv_2d_packed_params *p, const int8_t *input,
    const int8_t *kept, const int8_t *outside, int32_t row, int32_t fresh) {
  struct tg_portable_depthwise_conv_2d_packed_row found = {outside, 0};
  if ((uint32_t)row < (uint32_t)p->input_height) {
    if (p->kept && row < fresh) {
      found.first = kept + (row - fresh + p->pad_top) * p->input_width;
      found.step = 1;
    } else {
      found.first = input + row * p->input_width * p->input_channels;
      found.step = p->input_channels;
    }
  }
  return found;
}

/* Packs the input rows under three output rows from `y` on. */
TG_INLINE void tg_portable_depthwise_conv_2d_packed_expand(
    const struct tg_portable_depthwise_conv_2d_packed_params *p, const int8_t *input,
    const int8_t *kept, const int8_t *outside, int32_t y, uint32_t *packed) {
  const int32_t step = 2 * p->filter_height;
  const int32_t inside = tg_portable_depthwise_conv_2d_packed_columns(p) - p->pad_left;
  const int32_t count = inside < p->input_width ? inside : p->input_width;
  for (int32_t r = 0; r < p->filter_height; ++r) {
    struct tg_portable_depthwise_conv_2d_packed_row rows[3];
    TG_UNROLL_8
    for (int32_t i = 0; i < 3; ++i) {
      rows[i] = tg_portable_depthwise_conv_2d_packed_find(
          p, input, kept, outside, (y + i) * p->stride_height + r - p->pad_top, y);
    }
    const int8_t *a = rows[0].first;
    const int8_t *b = rows[1].first;
    const int8_t *c = rows[2].first;
    uint32_t *to = packed + p->pad_left * step + 2 * r;
    uint32_t *const end = to + count * step;
    do {
      const struct tg_packed words = tg_pack(*a, *b, *c);
      to[0] = words.p;
      to[1] = words.q;
      a += rows[0].step;
      b += rows[1].step;
      c += rows[2].step;
      to += step;
    } while (to != end);
  }
}

/* Keeps the rows in front of the one that comes after `y` and the next two. */
TG_INLINE void tg_portable_depthwise_conv_2d_packed_keep(
    const struct tg_portable_depthwise_conv_2d_packed_params *p, const int8_t *input, int32_t y,
    int8_t *kept) {
  for (int32_t row = y + 3 - p->pad_top; row < y + 3; ++row) {
    if (row < p->input_height) {
      const int8_t *from = input + row * p->input_width * p->input_channels;
      for (int32_t x = 0; x < p->input_width; ++x) {
        *kept++ = *from;
        from += p->input_channels;
      }
    }
  }
}

/* Three output rows of one output channel, of which `count` are there. */
TG_INLINE void tg_portable_depthwise_conv_2d_packed_rows(
    const struct tg_portable_depthwise_conv_2d_packed_params *p, const uint32_t *packed,
    const uint32_t *filter, const struct tg_channel *numbers, int32_t count, int8_t *output) {
  const int32_t channels = p->input_channels * p->depth_multiplier;
  const int32_t row = p->output_width * channels;
  const int32_t taps = p->filter_height * p->filter_width;
  const struct tg_scale scale = {p->split, p->shift, p->wide, p->falls, p->each};
  const int all = p->output_height % 3 == 0;
  for (int32_t x = 0; x < p->output_width; ++x) {
    uint32_t p_sum = 0;
    uint32_t q_sum = 0;
    TG_UNROLL_16
    for (int32_t tap = 0; tap < taps; ++tap) {
      p_sum += filter[tap] * packed[2 * tap];
      q_sum += filter[tap] * packed[2 * tap + 1];
      TG_BOTH(p_sum, q_sum);
    }
    int32_t sums[3] = {numbers->bias, numbers->bias, numbers->bias};
    tg_unpack_onto(sums, p_sum, q_sum);
    output[0] = tg_affine(sums[0], numbers, &scale);
    if (all || count > 1) {
      output[row] = tg_affine(sums[1], numbers, &scale);
    }
    if (all || count > 2) {
      output[2 * row] = tg_affine(sums[2], numbers, &scale);
    }
    packed += 2 * p->filter_height * p->stride_width;
    output += channels;
  }
}

/* May run in place where `kept` is 1. */
TG_INLINE void tg_portable_depthwise_conv_2d_packed(
    const struct tg_portable_depthwise_conv_2d_packed_params *p, const int8_t *input,
    int8_t *output, void *scratch) {
  const int32_t taps = p->filter_height * p->filter_width;
  const int32_t channels = p->input_channels * p->depth_multiplier;
  const int32_t words = 2 * p->filter_height * tg_portable_depthwise_conv_2d_packed_columns(p);
  const struct tg_scale scale = {p->split, p->shift, p->wide, p->falls, p->each};
  const int8_t outside = (int8_t)p->input_zero_point;
  uint32_t *const filters = (uint32_t *)scratch;
  uint32_t *const packed = filters + p->depth_multiplier * taps;
  int8_t *const kept = (int8_t *)(packed + words);
  const struct tg_packed border = tg_pack(outside, outside, outside);
  for (int32_t i = 0; i < words; i += 2) { /* what lies left and right of the image stays */
    packed[i] = border.p;
    packed[i + 1] = border.q;
  }
  const TG_FLASH int8_t *weights = p->weights;
  for (int32_t channel = 0; channel < p->input_channels; ++channel) {
    for (int32_t i = 0; i < p->depth_multiplier * taps; ++i) {
      filters[i] = (uint32_t)(int32_t)weights[i];
    }
    weights += p->depth_multiplier * taps;
    for (int32_t y = 0; y < p->output_height; y += 3) {
      tg_portable_depthwise_conv_2d_packed_expand(p, input + channel, kept, &outside, y, packed);
      if (p->kept) {
        tg_portable_depthwise_conv_2d_packed_keep(p, input + channel, y, kept);
      }
      for (int32_t m = 0; m < p->depth_multiplier; ++m) {
        const int32_t target = channel * p->depth_multiplier + m;
        const struct tg_channel numbers = tg_channel_at(p->bias, p->numbers, target, &scale);
        tg_portable_depthwise_conv_2d_packed_rows(p, packed, filters + m * taps, &numbers,
                                                  p->output_height - y,
                                                  output + y * p->output_width * channels + target);
      }
    }
  }
}

#endif /* TG_PORTABLE_DEPTHWISE_CONV_2D_PACKED_H */
