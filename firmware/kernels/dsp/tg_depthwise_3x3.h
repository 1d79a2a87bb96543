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
  int32_t known; /* 0: all layers share the code for blocks; else the layer has its own, with
                    so many of them in a loop */
  int32_t gap;   /* pairs of rows in a column: 4, or for a stride of 1 8 or 14 */
  int32_t shift; /* S of SSAT8(SMMLAR(sum, m, k) ASR S), 8 to 15; 0: rounded twice */
  int32_t scale; /* 0: weights are words; else bytes, to be multiplied by it */
  const int32_t *weights; /* per channel: 3 words (w0, w1), 3 words (w1, w2), m, k, bias; then S
                             where sums are rounded twice; as bytes first those of four channels,
                             row by row, then the rest of each */
};

/* Whether the inner loop goes down: it is to be the longer one. */
TG_INLINE int32_t tg_dsp_depthwise_3x3_down(const struct tg_dsp_depthwise_3x3_params *p) {
  return p->output_height / 2 > p->output_width / 2 && p->gap - 1 > p->output_width / 2;
}

/* The inner parts for one gap and shift. */
struct tg_dsp_depthwise_3x3_code {
  void (*blocks)(const struct tg_dsp_dw3 *run);
  void (*pair_rows)(const struct tg_dsp_pairs *rows);
  void (*pair_border)(const struct tg_dsp_pair_border *border);
};

#define TG_DSP_DW3_CASE(gap_, shift_)                                                  \
  if (p->gap == (gap_) && p->shift == (shift_)) {                                      \
    code.pair_rows = tg_dsp_pair_rows_##gap_;                                          \
    code.pair_border = tg_dsp_pair_border_##gap_;                                      \
    code.blocks = p->known != 0                  ? 0                                   \
                  : p->stride == 2               ? tg_dsp_dw3_rows_##shift_            \
                  : tg_dsp_depthwise_3x3_down(p) ? tg_dsp_dw3_down_##gap_##_##shift_   \
                                                 : tg_dsp_dw3_along_##gap_##_##shift_; \
  }

TG_INLINE struct tg_dsp_depthwise_3x3_code tg_dsp_depthwise_3x3_chosen(
    const struct tg_dsp_depthwise_3x3_params *p) {
  struct tg_dsp_depthwise_3x3_code code = {0, 0, 0};
  TG_DSP_DW3_SHIFTS(TG_DSP_DW3_CASE, 4)
  TG_DSP_DW3_SHIFTS(TG_DSP_DW3_CASE, 8)
  TG_DSP_DW3_SHIFTS(TG_DSP_DW3_CASE, 14)
  return code;
}

/* A layer, and how far it is. */
struct tg_dsp_depthwise_3x3_layer {
  const struct tg_dsp_depthwise_3x3_params *p;
  struct tg_dsp_depthwise_3x3_code code;
  const int8_t *input;
  int8_t *output;
  uint32_t *pairs;
  int32_t down;    /* whether the inner loop goes down */
  int32_t columns; /* of pairs */
  int32_t batch;
  int32_t channel; /* the first of four */
  int32_t unit;    /* rows of outputs, with a stride of 1 twos of rows, that are begun */
  int32_t done;    /* pairs of rows that have been there */
  int32_t single;  /* the last two rows are one, which is left: its pairs */
  int32_t words;   /* of a channel's weights */
  const int32_t *weights;
  struct tg_dsp_image image;
  struct tg_dsp_dw3 run;
  int32_t unpacked[4 * 10]; /* weights that are bytes in flash */
};

/* `units` rows of outputs, with a stride of 1 twos of rows, from the first of these pairs on. */
TG_DSP_SHARED void tg_dsp_depthwise_3x3_units(struct tg_dsp_depthwise_3x3_layer *layer,
                                              const uint32_t *pairs, int32_t units,
                                              int8_t *output) {
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
  if (units == 0) {
    run->outer = 0; /* before the odd row alone */
  }
}

/* Words from the bytes of the next channels' weights. Gives what is behind them. */
TG_DSP_SHARED const int32_t *tg_dsp_dw3_unpack(struct tg_dsp_depthwise_3x3_layer *layer) {
  const int32_t number = layer->run.number, scale = layer->p->scale;
  const int8_t *from = (const int8_t *)layer->weights;
  const int32_t *ends = layer->weights + (9 * number + 3) / 4;
  int32_t *to = layer->unpacked;
  for (int32_t channel = 0; channel < number; ++channel) {
    for (int32_t x = 0; x < 3; ++x) {
      const int32_t middle = from[3 + x] * scale;
      to[x] = (int32_t)tg_dsp_dw3_pair(from[x] * scale, middle);
      to[3 + x] = (int32_t)tg_dsp_dw3_pair(middle, from[6 + x] * scale);
    }
    from += 9;
    for (int32_t i = 6; i < layer->words; ++i) {
      to[i] = *ends++;
    }
    to += layer->words;
  }
  layer->run.weights = layer->unpacked;
  return ends;
}

/* Up to four channels more, or the next image; 0 behind the last one. */
TG_DSP_SHARED int tg_dsp_dw3_channels(struct tg_dsp_depthwise_3x3_layer *layer) {
  const struct tg_dsp_depthwise_3x3_params *const p = layer->p;
  layer->unit = 0;
  layer->done = 0;
  layer->channel += 4;
  if (layer->channel >= p->channels) {
    layer->channel = 0;
    layer->weights = p->weights;
    layer->batch += 1;
    if (layer->batch == p->batches) {
      return 0;
    }
    if (layer->batch != 0) {
      layer->input += p->input_height * p->input_width * p->channels;
      layer->output += p->output_height * p->output_width * p->channels;
    }
  }
  layer->run.number = p->channels - layer->channel < 4 ? p->channels - layer->channel : 4;
  layer->image.count = layer->run.number;
  if (p->scale != 0) {
    layer->weights = tg_dsp_dw3_unpack(layer);
  } else {
    layer->run.weights = layer->weights;
    layer->weights += layer->words * layer->run.number;
  }
  return 1;
}

/* Makes `run` what comes next, and the pairs for it; 0 when all is done. */
TG_DSP_SHARED int tg_dsp_dw3_next(struct tg_dsp_depthwise_3x3_layer *layer) {
  const struct tg_dsp_depthwise_3x3_params *const p = layer->p;
  const int32_t row = p->output_width * p->channels, rows = p->stride == 2 ? 1 : 2;
  const int32_t units = (p->output_height + rows - 1) / rows, most = p->gap - 1;
  if (layer->single != 0) {
    int8_t *const last = layer->output + layer->channel + (p->output_height - 1) * row;
    layer->run.row = 0;
    tg_dsp_depthwise_3x3_units(layer, layer->pairs + layer->single - 1, 1, last);
    layer->single = 0;
    return 1;
  }
  if (layer->unit == units && !tg_dsp_dw3_channels(layer)) {
    return 0;
  }
  const int32_t unit = layer->unit, here = units - unit < most ? units - unit : most;
  if (layer->done != 0) {
    tg_dsp_pair_again(layer->pairs, layer->columns, p->gap);
  }
  tg_dsp_pair_rows(&layer->image, layer->input + layer->channel, layer->done,
                   unit + here + 1 - layer->done,
                   layer->pairs + 4 * p->gap * p->pad_left + layer->done - unit);
  layer->done = unit + here + 1;
  layer->unit = unit + here;
  /* Where the last two rows are one, it is done by itself, in code of the layer's own at once. */
  const int32_t single = layer->unit == units ? units * rows - p->output_height : 0;
  layer->single = single && p->known == 0 ? here : 0;
  layer->run.single = single && p->known != 0;
  layer->run.single_pair = 4 * (here - 1);
  layer->run.single_output = 2 * (here - 1) * row;
  if (here == 1 && layer->single != 0) {
    return tg_dsp_dw3_next(layer);
  }
  layer->run.row = row;
  tg_dsp_depthwise_3x3_units(layer, layer->pairs, here - single,
                             layer->output + layer->channel + unit * rows * row);
  return 1;
}

/* Before the first image. */
TG_DSP_SHARED void tg_dsp_dw3_start(struct tg_dsp_depthwise_3x3_layer *layer,
                                    const struct tg_dsp_depthwise_3x3_params *p,
                                    const int8_t *input, int8_t *output, uint32_t *pairs) {
  const int32_t columns = (p->output_width - 1) * p->stride + 3, inside = columns - p->pad_left;
  const int32_t rows = p->stride == 2 ? 1 : 2;
  const uint32_t zero = ((uint32_t)p->input_zero_point & 0xffffu) * 0x00010001u;
  layer->p = p;
  layer->input = input;
  layer->output = output;
  layer->pairs = pairs;
  layer->columns = columns;
  layer->batch = -1;
  layer->channel = p->channels;
  layer->unit = (p->output_height + rows - 1) / rows;
  layer->single = 0;
  layer->words = p->shift == 0 ? 10 : 9;
  layer->image.height = p->input_height;
  layer->image.row = p->input_width * p->channels;
  layer->image.channels = p->channels;
  layer->image.width = inside < p->input_width ? inside : p->input_width;
  layer->image.pad_top = p->pad_top;
  layer->image.zero_point = p->input_zero_point;
  layer->image.gap = p->gap;
  layer->image.pair_rows = layer->code.pair_rows;
  layer->image.pair_border = layer->code.pair_border;
  layer->run.column = p->channels;
  layer->run.odd_pair = 16 * (p->output_width - 1) * p->gap;
  layer->run.odd_output = (p->output_width - 1) * p->channels;
  layer->run.plane = 4 * p->gap;
  for (int32_t x = 0; x < columns; ++x, pairs += 4 * p->gap) {
    if (x == p->pad_left && layer->image.width > 0) {
      x += layer->image.width - 1; /* what is inside of the image is written later */
      pairs += 4 * p->gap * (layer->image.width - 1);
      continue;
    }
    for (int32_t i = 0; i < 4 * p->gap; ++i) {
      pairs[i] = zero;
    }
  }
}

TG_DSP_SHARED void tg_dsp_dw3_all(struct tg_dsp_depthwise_3x3_layer *layer) {
  while (tg_dsp_dw3_next(layer)) {
    layer->code.blocks(&layer->run);
  }
}

/* A run by code of the layer's own, for the distances that are its. */
TG_INLINE void tg_dsp_depthwise_3x3_own(const struct tg_dsp_depthwise_3x3_params *p, int down,
                                        const struct tg_dsp_dw3 *run) {
  const int32_t row = p->output_width * p->channels;
  const int32_t single = p->output_height % 2 != 0 ? p->output_width : 0;
  register const struct tg_dsp_dw3 *run_ __asm__("r0") = run;
#define TG_DSP_DW3_OWN(many)                                                                       \
  if (down) {                                                                                      \
    TG_DSP_DW3_RUN(TG_DSP_DW3_FAR_##many, 4, p->gap, p->shift, p->channels, row, 2 * row, single); \
  } else if (2 * p->channels < 256) {                                                              \
    TG_DSP_DW3_RUN(TG_DSP_DW3_NEAR_##many, 32 * p->gap, p->gap, p->shift, p->channels, row,        \
                   2 * p->channels, single);                                                       \
  } else {                                                                                         \
    TG_DSP_DW3_RUN(TG_DSP_DW3_FAR_##many, 32 * p->gap, p->gap, p->shift, p->channels, row,         \
                   2 * p->channels, single);                                                       \
  }
  if (p->known == 1) {
    TG_DSP_DW3_OWN(1)
  } else if (p->known == 2) {
    TG_DSP_DW3_OWN(2)
  } else {
    TG_DSP_DW3_OWN(3)
  }
#undef TG_DSP_DW3_OWN
}

/* Scratch: 16 `gap` bytes for each column of the input with its border. */
TG_INLINE void tg_dsp_depthwise_3x3(const struct tg_dsp_depthwise_3x3_params *p,
                                    const int8_t *input, int8_t *output, void *scratch) {
  /* The compiler knows these numbers, and no longer those behind a pointer that others have. */
  const struct tg_dsp_depthwise_3x3_params numbers = *p;
  struct tg_dsp_depthwise_3x3_layer layer;
  layer.code = tg_dsp_depthwise_3x3_chosen(&numbers);
  layer.down = tg_dsp_depthwise_3x3_down(&numbers);
  tg_dsp_dw3_start(&layer, p, input, output, (uint32_t *)scratch);
  if (numbers.known == 0) {
    tg_dsp_dw3_all(&layer);
    return;
  }
  while (tg_dsp_dw3_next(&layer)) {
    tg_dsp_depthwise_3x3_own(&numbers, tg_dsp_depthwise_3x3_down(&numbers), &layer.run);
  }
}

#endif /* TG_DSP_DEPTHWISE_3X3_H */
