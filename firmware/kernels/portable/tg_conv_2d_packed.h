/* CONV_2D in portable C for cores that multiply words: three pixels in two words (tg_packed.h).
 *
 * The windows of three or six output pixels are packed into scratch once; each block of output
 * channels then goes over them with its weights, which lie in the order in which they are read.
 * Weights are unsigned, w + 128, because unsigned bytes are loaded at no price on every core: a
 * chunk of products starts from -128 times the sum of its packed words. The input's zero point is
 * in the biases, and is what lies outside of the image.
 *
 * Scratch, in words, for each chunk: where its sums start [2 triples], then its windows
 * [products][2 triples]. Behind the chunks, where there is a border, a pixel of the zero point.
 */
#ifndef TG_PORTABLE_CONV_2D_PACKED_H
#define TG_PORTABLE_CONV_2D_PACKED_H

#include <stdint.h>
#include <string.h>

#include "tg_affine.h"
#include "tg_packed.h"
#include "tg_packed_dot.h"
#include "tg_weighted.h"

struct tg_portable_conv_2d_packed_params {
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
  int32_t pad_top;  /* rows of the first window above the image */
  int32_t pad_left; /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t triples; /* of pixels that are computed together: 1 or 2 */
  int32_t block;   /* output channels that are computed together: 1, 2 or 4 */
  int32_t unroll;  /* products in a round of the inner loop: divides those of a chunk */
  int32_t taps;    /* neighbouring taps that are packed at a time: 1, or all of a filter's row */
  int32_t parts;   /* into how many their channels are divided: 1 where `taps` is not 1 */
  int32_t chunks;  /* of products that are added up in packed words */
  int32_t runs;    /* of `taps` taps or their parts in a chunk */
  int32_t padding; /* products with zero behind those of a chunk */
  int32_t split;   /* see tg_scale */
  int32_t shift;
  int32_t wide;
  int32_t falls;
  int32_t each;
  const TG_FLASH uint8_t *weights; /* [output channels / block][chunks][products][block] */
  const TG_FLASH int32_t *bias;    /* see tg_channel: of each output channel */
  const TG_FLASH int32_t *numbers; /* [output channels or 1][3 or 5]: the rest of it */
};

/* Whether a window reaches over the border. */
TG_INLINE int tg_portable_conv_2d_packed_padded(const struct tg_portable_conv_2d_packed_params *p) {
  return !tg_unpadded(p->input_height, p->output_height, p->filter_height, p->stride_height, 1,
                      p->pad_top) ||
         !tg_unpadded(p->input_width, p->output_width, p->filter_width, p->stride_width, 1,
                      p->pad_left);
}

/* Products of an output that are added up in packed words, with those that are zero. */
TG_INLINE int32_t
tg_portable_conv_2d_packed_products(const struct tg_portable_conv_2d_packed_params *p) {
  return p->runs * (p->taps * p->input_channels / p->parts) + p->padding;
}

/* The first taps of three windows, which may lie outside of the image. */
struct tg_portable_conv_2d_packed_windows {
  int32_t top[3];
  int32_t left[3];
};

/* Packs `count` numbers of each of three pixels to every `step`-th word and the next; gives the
 * word behind them. */
TG_INLINE uint32_t *tg_portable_conv_2d_packed_run(const int8_t *const from[3], int32_t count,
                                                   int32_t step, uint32_t *to,
                                                   struct tg_packed *sum) {
  const int8_t *a = from[0];
  const int8_t *b = from[1];
  const int8_t *c = from[2];
  const int8_t *end = a + count;
  do {
    const struct tg_packed packed = tg_pack(*a++, *b++, *c++);
    to[0] = packed.p;
    to[1] = packed.q;
    sum->p += packed.p;
    sum->q += packed.q;
    to += step;
  } while (a != end);
  return to;
}

/* Packs the windows of three pixels. */
TG_INLINE void tg_portable_conv_2d_packed_expand(
    const struct tg_portable_conv_2d_packed_params *p, const int8_t *input, const int8_t *outside,
    const struct tg_portable_conv_2d_packed_windows *windows, uint32_t *to) {
  const int padded = tg_portable_conv_2d_packed_padded(p);
  const int32_t step = 2 * p->triples;
  const int32_t count = p->taps * p->input_channels / p->parts;
  struct tg_packed sum = {0, 0};
  uint32_t *start = to;
  int32_t runs = p->runs;
  to += step;
  for (int32_t y = 0; y < p->filter_height; ++y) {
    for (int32_t x = 0; x < p->filter_width; x += p->taps) {
      int32_t at[3]; /* of the input; where a window lies outside, none of it */
      int inside = 1;
      TG_UNROLL_8
      for (int i = 0; i < 3; ++i) {
        const int32_t row = windows->top[i] + y;
        const int32_t column = windows->left[i] + x;
        at[i] = (row * p->input_width + column) * p->input_channels;
        inside &= (uint32_t)row < (uint32_t)p->input_height && column >= 0 &&
                  column + p->taps <= p->input_width;
      }
      for (int32_t part = 0; part < p->parts; ++part) {
        if (!padded || inside) {
          const int8_t *const from[3] = {input + at[0], input + at[1], input + at[2]};
          to = tg_portable_conv_2d_packed_run(from, count, step, to, &sum);
        } else {
          for (int32_t tap = 0; tap < p->taps; ++tap) {
            const int8_t *from[3];
            TG_UNROLL_8
            for (int i = 0; i < 3; ++i) {
              const int in = (uint32_t)(windows->top[i] + y) < (uint32_t)p->input_height &&
                             (uint32_t)(windows->left[i] + x + tap) < (uint32_t)p->input_width;
              from[i] = in ? input + (at[i] + tap * p->input_channels) : outside;
            }
            to = tg_portable_conv_2d_packed_run(from, count / p->taps, step, to, &sum);
          }
        }
        at[0] += count;
        at[1] += count;
        at[2] += count;
        if (--runs == 0) {
          for (int32_t i = 0; i < p->padding; ++i) {
            to[0] = 0;
            to[1] = 0;
            to += step;
          }
          start[0] = 0u - 128u * sum.p;
          start[1] = 0u - 128u * sum.q;
          start = to;
          to += step;
          sum.p = 0;
          sum.q = 0;
          runs = p->runs;
        }
      }
    }
  }
}

/* A block of output channels, from `channel` on, of the `count` first of the packed pixels. */
TG_INLINE void tg_portable_conv_2d_packed_block(const struct tg_portable_conv_2d_packed_params *p,
                                                const uint32_t *windows,
                                                const TG_FLASH uint8_t *weights, int32_t channel,
                                                int32_t count, int8_t *output) {
  const int32_t words = 2 * p->triples;
  const int32_t products = tg_portable_conv_2d_packed_products(p);
  const struct tg_scale scale = {p->split, p->shift, p->wide, p->falls, p->each};
  int32_t sums[TG_PACKED_BLOCK][6] = {{0}};
  for (int32_t chunk = 0; chunk < p->chunks; ++chunk) {
    uint32_t packed[TG_PACKED_BLOCK][TG_PACKED_WORDS];
    tg_packed_dot(packed, windows, weights, products, words, p->block, p->unroll);
    windows += (products + 1) * words;
    weights += products * p->block;
    TG_UNROLL_8
    for (int32_t j = 0; j < p->block; ++j) {
      TG_UNROLL_8
      for (int32_t t = 0; t < p->triples; ++t) {
        tg_unpack_onto(sums[j] + 3 * t, packed[j][2 * t], packed[j][2 * t + 1]);
      }
    }
  }
  const int all = p->output_height * p->output_width % (3 * p->triples) == 0;
  TG_UNROLL_8
  for (int32_t j = 0; j < p->block; ++j) {
    const struct tg_channel numbers = tg_channel_at(p->bias, p->numbers, channel + j, &scale);
    if (p->output_channels % p->block == 0 || channel + j < p->output_channels) {
      TG_UNROLL_8
      for (int32_t i = 0; i < 3 * p->triples; ++i) {
        if (all || i < count) {
          const int32_t sum = (int32_t)((uint32_t)sums[j][i] + (uint32_t)numbers.bias);
          output[i * p->output_channels + j] = tg_affine(sum, &numbers, &scale);
        }
      }
    }
  }
}

/* The output may reach into the input: pixels that are computed together have been packed before
 * the first of them is written. */
TG_INLINE void tg_portable_conv_2d_packed(const struct tg_portable_conv_2d_packed_params *p,
                                          const int8_t *input, int8_t *output, void *scratch) {
  const int32_t pixels = p->output_height * p->output_width;
  const int32_t together = 3 * p->triples;
  const int32_t products = tg_portable_conv_2d_packed_products(p);
  uint32_t *const packed = (uint32_t *)scratch;
  int8_t *const outside = (int8_t *)(packed + p->chunks * (products + 1) * 2 * p->triples);
  if (tg_portable_conv_2d_packed_padded(p)) {
    memset(outside, p->input_zero_point, (size_t)p->input_channels);
  }
  int32_t y = 0;
  int32_t x = 0;
  for (int32_t pixel = 0; pixel < pixels; pixel += together) {
    for (int32_t t = 0; t < p->triples; ++t) {
      struct tg_portable_conv_2d_packed_windows windows;
      TG_UNROLL_8
      for (int32_t i = 0; i < 3; ++i) {
        windows.top[i] = y * p->stride_height - p->pad_top;
        windows.left[i] = x * p->stride_width - p->pad_left;
        /* Behind the last pixel is the last one again. */
        if (pixel + 3 * t + i + 1 < pixels && ++x == p->output_width) {
          x = 0;
          ++y;
        }
      }
      tg_portable_conv_2d_packed_expand(p, input, outside, &windows, packed + 2 * t);
    }
    const TG_FLASH uint8_t *weights = p->weights;
    for (int32_t channel = 0; channel < p->output_channels; channel += p->block) {
      tg_portable_conv_2d_packed_block(p, packed, weights, channel, pixels - pixel,
                                       output + pixel * p->output_channels + channel);
      weights += p->chunks * products * p->block;
    }
  }
}

#endif /* TG_PORTABLE_CONV_2D_PACKED_H */
