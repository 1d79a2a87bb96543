/* DEPTHWISE_CONV_2D of any window, for cores with the DSP extension: where tg_depthwise_3x3.h is
 * not made for it.
 *
 * Input channels become columns of vertical pairs (see tg_dsp_pairs.h), and weights pairs that lie
 * on them, with a zero where a window begins or ends within one. With an odd stride two rows of
 * outputs share a column's pairs, with an even one a row has its own. Three or four columns of
 * outputs are made at a time.
 *
 * May run in place where every input channel has one filter.
 */
#ifndef TG_DSP_DEPTHWISE_CONV_2D_H
#define TG_DSP_DEPTHWISE_CONV_2D_H

#include "tg_dsp_pairs.h"

struct tg_dsp_depthwise_conv_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;
  int32_t multiplier; /* output channels for each */
  int32_t output_height;
  int32_t output_width;
  int32_t rows;           /* of outputs that share pairs: 1 or 2 */
  int32_t pairs;          /* that they need of a column */
  int32_t advance;        /* pairs from these rows to the next ones */
  int32_t filter_width;   /* columns of a window */
  int32_t stride_width;   /* columns from window to window */
  int32_t dilation_width; /* and from one of a window to the next */
  int32_t pad_top;        /* rows of the first window above the image */
  int32_t pad_left;       /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t gap;            /* pairs that a column holds: 4, 8 or 14 */
  int32_t sign;           /* -1: k takes a sum's sign; 0: it does not */
  int32_t output_min;     /* lowest code the activation lets through */
  int32_t output_max;     /* highest code the activation lets through */
  const int32_t *weights; /* per output channel: for each column of a window and each of its pairs a
                             word for each of `rows`; then the bias, and m, k and S of
                             SSAT8(SMMLAR(sum, m, k) ASR S) */
};

TG_INLINE int32_t tg_dsp_depthwise_conv_2d_smlad(uint32_t a, int32_t b, int32_t sum) {
  int32_t r;
  __asm__("smlad   %[r], %[a], %[b], %[sum]"
          : [r] "=r"(r)
          : [a] "r"(a), [b] "r"(b), [sum] "r"(sum));
  return r;
}

/* Distances between what a block reads, in words. */
struct tg_dsp_depthwise_conv_2d_window {
  int32_t columns;
  int32_t pairs;
  int32_t column; /* of a window */
  int32_t stride; /* from window to window */
};

/* Three neighbouring sums in each of two rows. Gives the words behind the window's weights. */
TG_DSP_SHARED const int32_t *tg_dsp_depthwise_conv_2d_two_rows(
    const struct tg_dsp_depthwise_conv_2d_window *p, const uint32_t *at, const int32_t *weights,
    int32_t *sums) {
  const int32_t stride = p->stride, last = p->columns * p->pairs * 2;
  int32_t a0 = weights[last], a1 = a0, a2 = a0, b0 = a0, b1 = a0, b2 = a0;
  const int32_t *const stop = weights + last;
  do {
    const int32_t *const end = weights + 2 * p->pairs;
    const uint32_t *from = at;
    do {
      const int32_t above = weights[0], below = weights[1];
      weights += 2;
      uint32_t pair = from[stride];
      a1 = tg_dsp_depthwise_conv_2d_smlad(pair, above, a1);
      b1 = tg_dsp_depthwise_conv_2d_smlad(pair, below, b1);
      pair = from[2 * stride];
      a2 = tg_dsp_depthwise_conv_2d_smlad(pair, above, a2);
      b2 = tg_dsp_depthwise_conv_2d_smlad(pair, below, b2);
      pair = *from++;
      a0 = tg_dsp_depthwise_conv_2d_smlad(pair, above, a0);
      b0 = tg_dsp_depthwise_conv_2d_smlad(pair, below, b0);
    } while (weights != end);
    at += p->column;
  } while (weights != stop);
  sums[0] = a0;
  sums[1] = a1;
  sums[2] = a2;
  sums[3] = b0;
  sums[4] = b1;
  sums[5] = b2;
  return weights;
}

/* Four of them in one row. */
TG_DSP_SHARED const int32_t *tg_dsp_depthwise_conv_2d_one_row(
    const struct tg_dsp_depthwise_conv_2d_window *p, const uint32_t *at, const int32_t *weights,
    int32_t *sums) {
  const int32_t bias = weights[p->columns * p->pairs], stride = p->stride;
  int32_t a0 = bias, a1 = bias, a2 = bias, a3 = bias;
  for (int32_t x = 0; x < p->columns; ++x) {
    const int32_t *const end = weights + p->pairs;
    const uint32_t *from = at;
    do {
      const int32_t word = *weights++;
      a0 = tg_dsp_depthwise_conv_2d_smlad(from[0], word, a0);
      a1 = tg_dsp_depthwise_conv_2d_smlad(from[stride], word, a1);
      a2 = tg_dsp_depthwise_conv_2d_smlad(from[2 * stride], word, a2);
      a3 = tg_dsp_depthwise_conv_2d_smlad(from[3 * stride], word, a3);
      ++from;
    } while (weights != end);
    at += p->column;
  }
  sums[0] = a0;
  sums[1] = a1;
  sums[2] = a2;
  sums[3] = a3;
  return weights;
}

/* What the parts of a layer have in common. */
struct tg_dsp_depthwise_conv_2d_layer {
  const struct tg_dsp_depthwise_conv_2d_params *p;
  uint32_t *pairs;
  int32_t columns; /* of them */
  int32_t words;   /* of an output channel's weights */
  struct tg_dsp_image image;
  struct tg_dsp_depthwise_conv_2d_window window;
};

/* SSAT8(SMMLAR(sum, m, k) ASR s) */
TG_INLINE int32_t tg_dsp_depthwise_conv_2d_code(int32_t sum, int32_t m, int32_t k, int32_t s) {
  int32_t code;
  __asm__(
      "smmlar  %[code], %[sum], %[m], %[k]\n"
      "asr     %[code], %[code], %[s]\n"
      "ssat    %[code], #8, %[code]\n"
      : [code] "=&r"(code)
      : [sum] "r"(sum), [m] "r"(m), [k] "r"(k), [s] "r"(s));
  return code;
}

/* `count` neighbouring codes of a row; `ends` are the bias, m, k and s. */
TG_DSP_SHARED void tg_dsp_depthwise_conv_2d_codes(const struct tg_dsp_depthwise_conv_2d_params *p,
                                                  const int32_t *sums, int32_t count,
                                                  const int32_t *ends, int8_t *output) {
  const int32_t m = ends[1], k = ends[2], s = ends[3], channels = p->channels * p->multiplier;
  const int32_t sign = p->sign, low = p->output_min, high = p->output_max;
  for (const int32_t *const end = sums + count; sums != end; ++sums) {
    const int32_t sum = *sums;
    *output = (int8_t)tg_clamp(tg_dsp_depthwise_conv_2d_code(sum, m, k + ((sum >> 31) & sign), s),
                               low, high);
    output += channels;
  }
}

/* Some rows of outputs of one channel, `here` of those that share pairs. */
TG_DSP_SHARED void tg_dsp_depthwise_conv_2d_rows(const struct tg_dsp_depthwise_conv_2d_layer *layer,
                                                 const uint32_t *at, const int32_t *weights,
                                                 int32_t here, int8_t *output) {
  const struct tg_dsp_depthwise_conv_2d_params *const p = layer->p;
  const int32_t channels = p->channels * p->multiplier, most = p->rows == 2 ? 3 : 4;
  for (int32_t x = 0; x < p->output_width; x += most) {
    /* The last block begins earlier where that is possible, and does some outputs again. */
    const int32_t left = p->output_width - most;
    const int32_t first = x > left && left > 0 ? left : x;
    const int32_t count = left < 0 ? p->output_width : most;
    int32_t sums[6];
    const uint32_t *const from = at + first * layer->window.stride;
    const int32_t *const ends =
        p->rows == 2 ? tg_dsp_depthwise_conv_2d_two_rows(&layer->window, from, weights, sums)
                     : tg_dsp_depthwise_conv_2d_one_row(&layer->window, from, weights, sums);
    int8_t *const to = output + first * channels;
    tg_dsp_depthwise_conv_2d_codes(p, sums, count, ends, to);
    if (here == 2) {
      tg_dsp_depthwise_conv_2d_codes(p, sums + 3, count, ends, to + p->output_width * channels);
    }
  }
}

/* Up to four channels of an image. */
TG_DSP_SHARED void tg_dsp_depthwise_conv_2d_channels(
    const struct tg_dsp_depthwise_conv_2d_layer *layer, const int8_t *image, const int32_t *weights,
    int8_t *output) {
  const struct tg_dsp_depthwise_conv_2d_params *const p = layer->p;
  const int32_t channels = p->channels * p->multiplier, column = 4 * p->gap;
  int32_t base = 0, done = 0; /* the first of the pairs that columns hold, and behind the last */
  for (int32_t y = 0; y < p->output_height; y += p->rows) {
    const int32_t first = y / p->rows * p->advance, end = first + p->pairs;
    if (end - base > p->gap || done == 0) {
      /* The next strip: what is already there moves to the front. */
      for (int32_t i = 0; first < done && i < 4 * layer->columns; ++i) {
        for (int32_t j = first; j < done; ++j) {
          layer->pairs[i * p->gap + j - first] = layer->pairs[i * p->gap + j - base];
        }
      }
      const int32_t rest = (p->output_height - y + p->rows - 1) / p->rows - 1;
      const int32_t last = end + rest * p->advance, most = first + p->gap;
      done = first < done ? done : first;
      base = first;
      tg_dsp_pair_rows(&layer->image, image, done, (last < most ? last : most) - done,
                       layer->pairs + p->pad_left * column + done - base);
      done = last < most ? last : most;
    }
    const int32_t here = p->output_height - y < p->rows ? p->output_height - y : p->rows;
    const int32_t *channel = weights;
    for (int32_t i = 0; i < layer->image.count; ++i) {
      for (int32_t m = 0; m < p->multiplier; ++m) {
        tg_dsp_depthwise_conv_2d_rows(
            layer, layer->pairs + i * p->gap + first - base, channel, here,
            output + y * p->output_width * channels + i * p->multiplier + m);
        channel += layer->words;
      }
    }
  }
}

/* Scratch: 16 `gap` bytes for each column of the input with its border, of four outputs at least.
 */
TG_DSP_SHARED void tg_dsp_depthwise_conv_2d_images(
    const struct tg_dsp_depthwise_conv_2d_params *p, const int8_t *input, int8_t *output,
    uint32_t *pairs, void (*pair_rows)(const struct tg_dsp_pairs *),
    void (*pair_border)(const struct tg_dsp_pair_border *)) {
  const int32_t outputs = p->output_width < 4 ? 4 : p->output_width;
  const int32_t span = (p->filter_width - 1) * p->dilation_width + 1;
  const int32_t columns = (outputs - 1) * p->stride_width + span, inside = columns - p->pad_left;
  struct tg_dsp_depthwise_conv_2d_layer layer = {
      .p = p,
      .pairs = pairs,
      .columns = columns,
      .words = p->filter_width * p->pairs * p->rows + 4,
      .image = {.height = p->input_height,
                .row = p->input_width * p->channels,
                .channels = p->channels,
                .width = inside < p->input_width ? inside : p->input_width,
                .pad_top = p->pad_top,
                .zero_point = p->input_zero_point,
                .gap = p->gap,
                .count = 0,
                .pair_rows = pair_rows,
                .pair_border = pair_border},
      .window = {.columns = p->filter_width,
                 .pairs = p->pairs,
                 .column = 4 * p->gap * p->dilation_width,
                 .stride = 4 * p->gap * p->stride_width},
  };
  const uint32_t zero = ((uint32_t)p->input_zero_point & 0xffffu) * 0x00010001u;
  for (int32_t i = 0; i < 4 * p->gap * columns; ++i) {
    pairs[i] = zero; /* of which the border stays */
  }
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    const int32_t *weights = p->weights;
    for (int32_t channel = 0; channel < p->channels; channel += 4) {
      const int32_t count = p->channels - channel < 4 ? p->channels - channel : 4;
      layer.image.count = count;
      tg_dsp_depthwise_conv_2d_channels(&layer, input + channel, weights,
                                        output + channel * p->multiplier);
      weights += count * p->multiplier * layer.words;
    }
    input += p->input_height * p->input_width * p->channels;
    output += p->output_height * p->output_width * p->channels * p->multiplier;
  }
}

TG_INLINE void tg_dsp_depthwise_conv_2d(const struct tg_dsp_depthwise_conv_2d_params *p,
                                        const int8_t *input, int8_t *output, void *scratch) {
  tg_dsp_depthwise_conv_2d_images(p, input, output, (uint32_t *)scratch,
                                  p->gap == 4   ? tg_dsp_pair_rows_4
                                  : p->gap == 8 ? tg_dsp_pair_rows_8
                                                : tg_dsp_pair_rows_14,
                                  p->gap == 4   ? tg_dsp_pair_border_4
                                  : p->gap == 8 ? tg_dsp_pair_border_8
                                                : tg_dsp_pair_border_14);
}

#endif /* TG_DSP_DEPTHWISE_CONV_2D_H */
