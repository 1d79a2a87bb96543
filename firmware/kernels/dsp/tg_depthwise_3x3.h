/* DEPTHWISE_CONV_2D 3x3 with a stride of 1 or 2, for cores with the DSP extension.
 *
 * Four channels at a time become planes of vertical pairs (see tg_dsp_pairs.h). One word then
 * serves two rows of outputs: with a column's weights as (w0, w1) and (w1, w2), and its rows r0 to
 * r3 as the pairs P and Q,
 *
 *   upper output: SMLAD(P, (w0, w1)) + r2 * w2
 *   lower output: r1 * w0 + SMLAD(Q, (w1, w2))
 *
 * so that nine products take six instructions, and P and Q of a column are loaded at once.
 *
 * May run in place: of a pixel's bytes those of four channels are written after they were read, and
 * no others.
 */
#ifndef TG_DSP_DEPTHWISE_3X3_H
#define TG_DSP_DEPTHWISE_3X3_H

#include "tg_dsp_dw3_pairs.h"
#include "tg_dsp_dw3_rows.h"
#include "tg_dsp_pairs.h"

struct tg_dsp_depthwise_3x3_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;
  int32_t output_height;
  int32_t output_width; /* for a stride of 1 at least 2 */
  int32_t stride;
  int32_t pad_top;  /* rows of the first window above the image */
  int32_t pad_left; /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t gap;            /* pairs of rows in a column: 4, or for a stride of 1 8 or 14 */
  int32_t shift;          /* S of SSAT8(SMMLAR(sum, m, k) ASR S), 8 to 15 */
  const int32_t *weights; /* per channel: 3 words (w0, w1), 3 words (w1, w2), m, k, bias */
};

/* Whether the inner loop goes down: it is to be the longer one. */
TG_INLINE int32_t tg_dsp_dw3_down(const struct tg_dsp_depthwise_3x3_params *p) {
  return p->output_height / 2 > p->output_width / 2 && p->gap - 1 > p->output_width / 2;
}

/* The inner parts for one gap and shift. */
struct tg_dsp_dw3_code {
  void (*blocks)(const struct tg_dsp_dw3 *run);
  void (*pair_rows)(const struct tg_dsp_pairs *rows);
  void (*pair_border)(const struct tg_dsp_pair_border *border);
};

#define TG_DSP_DW3_CASE(gap_, shift_)                                        \
  if (p->gap == (gap_) && p->shift == (shift_)) {                            \
    code.pair_rows = tg_dsp_pair_rows_##gap_;                                \
    code.pair_border = tg_dsp_pair_border_##gap_;                            \
    code.blocks = p->stride == 2       ? tg_dsp_dw3_rows_##shift_            \
                  : tg_dsp_dw3_down(p) ? tg_dsp_dw3_down_##gap_##_##shift_   \
                                       : tg_dsp_dw3_along_##gap_##_##shift_; \
  }

TG_INLINE struct tg_dsp_dw3_code tg_dsp_dw3_chosen(const struct tg_dsp_depthwise_3x3_params *p) {
  struct tg_dsp_dw3_code code = {0, 0, 0};
  TG_DSP_DW3_SHIFTS(TG_DSP_DW3_CASE, 4)
  TG_DSP_DW3_SHIFTS(TG_DSP_DW3_CASE, 8)
  TG_DSP_DW3_SHIFTS(TG_DSP_DW3_CASE, 14)
  return code;
}

/* A layer, and what its parts have in common. */
struct tg_dsp_dw3_layer {
  const struct tg_dsp_depthwise_3x3_params *p;
  struct tg_dsp_dw3_code code;
  int32_t down; /* whether its inner loop goes down */
  uint32_t *pairs;
  int32_t columns; /* of them */
  struct tg_dsp_image image;
  struct tg_dsp_dw3 run;
};

/* `units` rows of outputs, with a stride of 1 twos of rows, from the first of these pairs on. */
TG_DSP_SHARED void tg_dsp_dw3_units(struct tg_dsp_dw3_layer *layer, const uint32_t *pairs,
                                    int32_t units, int8_t *output) {
  struct tg_dsp_dw3 *const run = &layer->run;
  const int32_t width = layer->p->output_width, column = 16 * layer->p->gap;
  run->pairs = pairs;
  run->output = output;
  if (layer->p->stride == 2) {
    run->inner = width / 4 * 8 * column;
    run->outer = 4 * units;
    run->next_pair = 4 - width * 2 * column;
    run->next_output = run->row - width * run->column;
    run->odd = width % 4;
  } else if (layer->down) {
    run->inner = 4 * units;
    run->outer = width / 2 * 2 * column;
    run->next_pair = 2 * column - run->inner;
    run->next_output = 2 * (run->column - run->row * units);
    run->odd = width % 2 * 4 * units;
  } else {
    run->inner = width / 2 * 2 * column;
    run->outer = 4 * units;
    run->next_pair = 4 - run->inner;
    run->next_output = 2 * run->row - width / 2 * 2 * run->column;
    run->odd = width % 2 * 4 * units;
  }
  layer->code.blocks(run);
}

/* Up to four channels of an image. */
TG_DSP_SHARED void tg_dsp_dw3_channels(struct tg_dsp_dw3_layer *layer, const int8_t *image,
                                       int8_t *output) {
  const struct tg_dsp_depthwise_3x3_params *const p = layer->p;
  const int32_t row = p->output_width * p->channels, rows = p->stride == 2 ? 1 : 2;
  const int32_t units = (p->output_height + rows - 1) / rows, most = p->gap - 1;
  int32_t done = 0; /* pairs of rows */
  for (int32_t unit = 0, here; unit < units; unit += here) {
    here = units - unit < most ? units - unit : most;
    if (done != 0) {
      tg_dsp_pair_again(layer->pairs, layer->columns, p->gap);
    }
    tg_dsp_pair_rows(&layer->image, image, done, unit + here + 1 - done,
                     layer->pairs + 4 * p->gap * p->pad_left + done - unit);
    done = unit + here + 1;
    /* Where the last two rows are one, it is done by itself. */
    const int32_t single = unit + here == units ? units * rows - p->output_height : 0;
    if (here != single) {
      layer->run.row = row;
      tg_dsp_dw3_units(layer, layer->pairs, here - single, output);
      output += rows * row * (here - single);
    }
    if (single) {
      layer->run.row = 0;
      tg_dsp_dw3_units(layer, layer->pairs + here - 1, 1, output);
    }
  }
}

/* A batch of images. */
TG_DSP_SHARED void tg_dsp_dw3_images(const struct tg_dsp_depthwise_3x3_params *p,
                                     const int8_t *input, int8_t *output, uint32_t *pairs,
                                     struct tg_dsp_dw3_code code, int32_t down) {
  const int32_t columns = (p->output_width - 1) * p->stride + 3, inside = columns - p->pad_left;
  struct tg_dsp_dw3_layer layer = {
      .p = p,
      .code = code,
      .down = down,
      .pairs = pairs,
      .columns = columns,
      .image = {.height = p->input_height,
                .row = p->input_width * p->channels,
                .channels = p->channels,
                .width = inside < p->input_width ? inside : p->input_width,
                .pad_top = p->pad_top,
                .zero_point = p->input_zero_point,
                .gap = p->gap,
                .pair_rows = code.pair_rows,
                .pair_border = code.pair_border},
      .run = {.column = p->channels,
              .odd_pair = 16 * (p->output_width - 1) * p->gap,
              .odd_output = (p->output_width - 1) * p->channels,
              .plane = 4 * p->gap},
  };
  const uint32_t zero = ((uint32_t)p->input_zero_point & 0xffffu) * 0x00010001u;
  for (int32_t i = 0; i < 4 * p->gap * columns; ++i) {
    pairs[i] = zero; /* of which the border stays */
  }
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    layer.run.weights = p->weights;
    for (int32_t channel = 0; channel < p->channels; channel += 4) {
      const int32_t count = p->channels - channel < 4 ? p->channels - channel : 4;
      layer.image.count = count;
      layer.run.number = count;
      tg_dsp_dw3_channels(&layer, input + channel, output + channel);
      layer.run.weights += 9 * count;
    }
    input += p->input_height * p->input_width * p->channels;
    output += p->output_height * p->output_width * p->channels;
  }
}

/* Scratch: 16 `gap` bytes for each column of the input with its border. */
TG_INLINE void tg_dsp_depthwise_3x3(const struct tg_dsp_depthwise_3x3_params *p,
                                    const int8_t *input, int8_t *output, void *scratch) {
  tg_dsp_dw3_images(p, input, output, (uint32_t *)scratch, tg_dsp_dw3_chosen(p),
                    tg_dsp_dw3_down(p));
}

#endif /* TG_DSP_DEPTHWISE_3X3_H */
