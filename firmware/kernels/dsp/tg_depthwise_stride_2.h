/* DEPTHWISE_CONV_2D 3x3 with a stride of 2, of fours of channels, for cores with the DSP extension.
 *
 * Windows have little in common there, so that pixels are taken where they lie: a word is four
 * channels of one, which SXTB16 makes two words of two halves. Two neighbouring outputs are
 * computed at a time, five columns under them. Of the border a row lies in scratch; where columns
 * are outside of the image, those under two outputs are copied first.
 *
 * May run in place: what is written of a pixel was read before, and of those that are still to be
 * read nothing is.
 */
#ifndef TG_DSP_DEPTHWISE_STRIDE_2_H
#define TG_DSP_DEPTHWISE_STRIDE_2_H

#include "tg_dsp_dw3.h"

struct tg_dsp_depthwise_stride_2_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels; /* a multiple of 4 */
  int32_t output_height;
  int32_t output_width;
  int32_t pad_top;  /* rows of the first window above the image */
  int32_t pad_left; /* columns of the first window left of the image */
  int32_t bordered; /* 1: windows reach above the image or below */
  int32_t input_zero_point;
  int32_t own;            /* 0: all layers share the inner loop; 1: the layer has its own */
  int32_t shift;          /* S of SSAT8(SMMLAR(sum, m, k) ASR S), 8 to 15; 0: rounded twice */
  const int32_t *weights; /* per four channels 0 to 3: their biases; of each row of a window, for
                             its first, third and second column, the weights (0, 2) and (1, 3); then
                             m and k of each, and S where sums are rounded twice */
};

/* Neighbouring outputs of a row, two at a time, in the order of the stack below. Distances are in
 * bytes. */
struct tg_dsp_depthwise_stride_2_run {
  const int8_t *pixels; /* of the first window's first one */
  int8_t *output;
  const int8_t *end; /* of the first output's channels */
  int32_t row;       /* from the first row of pixels to the second one */
  int32_t second;    /* from an output to the second one; 0 where there is none */
  int32_t column;    /* from a pixel to the next one, and to those behind it */
  int32_t column_2;
  int32_t column_3;
  int32_t column_4;
  const int32_t *weights;
  int32_t count; /* of twos of outputs */
  int32_t row_2; /* from the second row of pixels to the third one */
};

/* Column `x` of a row of pixels: four channels in two words of halves. */
#define TG_DSP_DEPTHWISE_STRIDE_2_HALVES \
  "sxtb16  r8, r9\n"                     \
  "sxtb16  r9, r9, ror #8\n"
#define TG_DSP_DEPTHWISE_STRIDE_2_FAR(x) \
  "ldr     r9, [sp, #16 + 4 * " x        \
  "]\n"                                  \
  "ldr     r9, [lr, r9]\n" TG_DSP_DEPTHWISE_STRIDE_2_HALVES
#define TG_DSP_DEPTHWISE_STRIDE_2_NEAR(x) \
  "ldr     r9, [lr, #" x " * %c[column]]\n" TG_DSP_DEPTHWISE_STRIDE_2_HALVES

#define TG_DSP_DEPTHWISE_STRIDE_2_PRODUCTS(a, b, c, d) \
  "smlabb  " a ", r8, r10, " a                         \
  "\n"                                                 \
  "smlabb  " b ", r9, r11, " b                         \
  "\n"                                                 \
  "smlatt  " c ", r8, r10, " c                         \
  "\n"                                                 \
  "smlatt  " d ", r9, r11, " d "\n"
#define TG_DSP_DEPTHWISE_STRIDE_2_FIRST TG_DSP_DEPTHWISE_STRIDE_2_PRODUCTS("r0", "r1", "r2", "r3")
#define TG_DSP_DEPTHWISE_STRIDE_2_SECOND TG_DSP_DEPTHWISE_STRIDE_2_PRODUCTS("r4", "r5", "r6", "r7")

/* A row of both windows: the third column of one is the first of the other. */
#define TG_DSP_DEPTHWISE_STRIDE_2_ROW(pixel)                                                       \
  "ldrd    r10, r11, [r12], #8\n"                                                                  \
  "ldr     r9, [lr]\n" TG_DSP_DEPTHWISE_STRIDE_2_HALVES TG_DSP_DEPTHWISE_STRIDE_2_FIRST pixel("2") \
      TG_DSP_DEPTHWISE_STRIDE_2_SECOND                                                             \
      "ldrd    r10, r11, [r12], #8\n" TG_DSP_DEPTHWISE_STRIDE_2_FIRST pixel("4")                   \
          TG_DSP_DEPTHWISE_STRIDE_2_SECOND "ldrd    r10, r11, [r12], #8\n" pixel("1")              \
              TG_DSP_DEPTHWISE_STRIDE_2_FIRST pixel("3") TG_DSP_DEPTHWISE_STRIDE_2_SECOND

#define TG_DSP_DEPTHWISE_STRIDE_2_NEXT_ROW(distance) \
  "ldr     r8, [sp, #" distance                      \
  "]\n"                                              \
  "add     lr, lr, r8\n"

/* The codes of one channel's two sums. */
#define TG_DSP_DEPTHWISE_STRIDE_2_TWICE(sum) \
  "add     r11, r9, " sum                    \
  ", asr #31\n"                              \
  "smmlar  " sum ", " sum                    \
  ", r8, r11\n"                              \
  "asr     " sum ", " sum                    \
  ", r10\n"                                  \
  "ssat    " sum ", #8, " sum "\n"
#define TG_DSP_DEPTHWISE_STRIDE_2_CODES(a, b)                   \
  "ldrd    r8, r9, [r12], #8\n"                                 \
  ".if     %c[s]\n"                                             \
  "smmlar  " a ", " a                                           \
  ", r8, r9\n"                                                  \
  "smmlar  " b ", " b                                           \
  ", r8, r9\n"                                                  \
  "ssat    " a ", #8, " a                                       \
  ", asr #%c[s]\n"                                              \
  "ssat    " b ", #8, " b                                       \
  ", asr #%c[s]\n"                                              \
  ".else\n"                                                     \
  "ldr     r10, [r12], #4\n" TG_DSP_DEPTHWISE_STRIDE_2_TWICE(a) \
      TG_DSP_DEPTHWISE_STRIDE_2_TWICE(b) ".endif\n"

/* r0 to r3   sums of four channels of the first output; r4 to r7 of the second one
 * r8, r9     channels (0, 2) and (1, 3) of a pixel; then m and k; then where is read and written
 * r10, r11   weights (0, 2) and (1, 3); then S and a sum's sign
 * r12, lr    where weights and pixels are read
 * stack      struct tg_dsp_depthwise_stride_2_run, and r7, which may be a frame pointer */
#define TG_DSP_DEPTHWISE_STRIDE_2_RUN(pixel, shift, column_) \
  __asm__ volatile(                                                                               \
      "push    {r7}\n"                                                                            \
      "ldm     r0, {r1-r12}\n"                                                                    \
      "push    {r1-r12}\n"                                                                        \
      "1:\n" /* two outputs */                                                                    \
      "ldr     r12, [sp, #36]\n"                                                                  \
      "2:\n" /* four channels */                                                                  \
      "ldr     lr, [sp]\n"                                                                        \
      "ldm     r12!, {r0, r1, r2, r3}\n"                                                          \
      "mov     r4, r0\n"                                                                          \
      "mov     r5, r1\n"                                                                          \
      "mov     r6, r2\n"                                                                          \
      "mov     r7, r3\n" TG_DSP_DEPTHWISE_STRIDE_2_ROW(pixel) TG_DSP_DEPTHWISE_STRIDE_2_NEXT_ROW("12")  \
          TG_DSP_DEPTHWISE_STRIDE_2_ROW(pixel) TG_DSP_DEPTHWISE_STRIDE_2_NEXT_ROW("44")                 \
              TG_DSP_DEPTHWISE_STRIDE_2_ROW(pixel) TG_DSP_DEPTHWISE_STRIDE_2_CODES("r0", "r4")    \
                  TG_DSP_DEPTHWISE_STRIDE_2_CODES("r1", "r5")                                     \
                      TG_DSP_DEPTHWISE_STRIDE_2_CODES("r2", "r6")                                 \
                          TG_DSP_DEPTHWISE_STRIDE_2_CODES("r3", "r7")                             \
      "bfi     r0, r1, #8, #8\n"                                                                  \
      "bfi     r2, r3, #8, #8\n"                                                                  \
      "bfi     r4, r5, #8, #8\n"                                                                  \
      "bfi     r6, r7, #8, #8\n"                                                                  \
      "pkhbt   r0, r0, r2, lsl #16\n"                                                             \
      "pkhbt   r4, r4, r6, lsl #16\n"                                                             \
      "ldrd    r8, r9, [sp]\n"                                                                    \
      "ldrd    r10, r11, [sp, #16]\n"                                                             \
      "str     r4, [r9, r10]\n" /* the first one lies there where there is no second one */       \
      "str     r0, [r9], #4\n"                                                                    \
      "ldr     r10, [sp, #8]\n"                                                                   \
      "add     r8, r8, #4\n"                                                                      \
      "strd    r8, r9, [sp]\n"                                                                    \
      "cmp     r9, r10\n"                                                                         \
      "bne     2b\n"                                                                              \
      "ldr     r10, [sp, #40]\n"                                                                  \
      "subs    r10, r10, #1\n"                                                                    \
      "str     r10, [sp, #40]\n"                                                                  \
      "add     r9, r9, r11\n"                                                                     \
      "add     r8, r8, r11\n"                                                                     \
      "add     r10, r9, r11\n"                                                                    \
      "add     r8, r8, r11, lsl #1\n"                                                             \
      "strd    r8, r9, [sp]\n"                                                                    \
      "str     r10, [sp, #8]\n"                                                                   \
      "bne     1b\n"                                                                              \
      "add     sp, sp, #48\n"                                                                     \
      "pop     {r7}\n"                                                                            \
      : "+r"(run_)                                                                                \
      : [s] "i"(shift), [column] "i"(column_)                                                     \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

typedef void tg_dsp_depthwise_stride_2_blocks(const struct tg_dsp_depthwise_stride_2_run *run);

#define TG_DSP_DEPTHWISE_STRIDE_2_FUNCTION(gap, shift)                             \
  TG_DSP_SHARED void tg_dsp_depthwise_stride_2_blocks_##shift(                     \
      const struct tg_dsp_depthwise_stride_2_run *run) {                           \
    register const struct tg_dsp_depthwise_stride_2_run *run_ __asm__("r0") = run; \
    TG_DSP_DEPTHWISE_STRIDE_2_RUN(TG_DSP_DEPTHWISE_STRIDE_2_FAR, shift, 0);        \
  }

TG_DSP_DW3_SHIFTS(TG_DSP_DEPTHWISE_STRIDE_2_FUNCTION, 0)

/* A layer, and how far it is. */
struct tg_dsp_depthwise_stride_2_layer {
  const struct tg_dsp_depthwise_stride_2_params *p;
  const int8_t *input; /* the batch's */
  int8_t *output;      /* the next one */
  int8_t *window;      /* a copy of the pixels under two windows */
  int8_t *border;      /* a row of it */
  int32_t batch;
  int32_t y;
  int32_t x;
  struct tg_dsp_depthwise_stride_2_run run;
};

/* A row of the image, or of the border above and below. */
TG_INLINE const int8_t *tg_dsp_depthwise_stride_2_row(
    const struct tg_dsp_depthwise_stride_2_layer *layer, int32_t y) {
  const struct tg_dsp_depthwise_stride_2_params *const p = layer->p;
  const int inside = y >= 0 && y < p->input_height;
  return inside ? layer->input + y * p->input_width * p->channels : layer->border;
}

/* Five columns of three rows, of which some lie outside of the image. */
TG_DSP_SHARED void tg_dsp_depthwise_stride_2_copy(
    const struct tg_dsp_depthwise_stride_2_layer *layer, const int8_t *const *rows, int32_t left) {
  const struct tg_dsp_depthwise_stride_2_params *const p = layer->p;
  const uint32_t zero = (uint32_t)(uint8_t)p->input_zero_point * 0x01010101u;
  const int32_t first = left < 0 ? 0 : left, behind = left + 5;
  const int32_t end = behind < p->input_width ? behind : p->input_width;
  const int32_t inside = end > first ? (end - first) * p->channels : 0;
  const int32_t before = inside == 0 ? 0 : (first - left) * p->channels;
  int8_t *to = layer->window;
  for (int32_t row = 0; row < 3; ++row) {
    tg_dsp_fill(to, zero, before);
    tg_dsp_copy(to + before, rows[row] + first * p->channels, inside);
    tg_dsp_fill(to + before + inside, zero, 5 * p->channels - before - inside);
    to += 5 * p->channels;
  }
}

/* From one byte to another, which may be of another object. */
TG_INLINE int32_t tg_dsp_depthwise_stride_2_distance(const int8_t *from, const int8_t *to) {
  return (int32_t)((uintptr_t)to - (uintptr_t)from);
}

/* Makes `run` what comes next; 0 when all is done. */
TG_DSP_SHARED int tg_dsp_depthwise_stride_2_next(struct tg_dsp_depthwise_stride_2_layer *layer) {
  const struct tg_dsp_depthwise_stride_2_params *const p = layer->p;
  struct tg_dsp_depthwise_stride_2_run *const run = &layer->run;
  if (layer->x == p->output_width) {
    layer->x = 0;
    layer->y += 1;
    if (layer->y == p->output_height) {
      layer->y = 0;
      layer->batch += 1;
      layer->input += p->input_height * p->input_width * p->channels;
      if (layer->batch == p->batches) {
        return 0;
      }
    }
  }
  const int32_t top = 2 * layer->y - p->pad_top, left = 2 * layer->x - p->pad_left;
  const int8_t *const rows[3] = {tg_dsp_depthwise_stride_2_row(layer, top),
                                 tg_dsp_depthwise_stride_2_row(layer, top + 1),
                                 tg_dsp_depthwise_stride_2_row(layer, top + 2)};
  const int32_t behind = p->input_width - left; /* columns */
  const int32_t twos = (p->output_width - layer->x) / 2;
  run->output = layer->output;
  run->end = run->output + p->channels;
  if (left >= 0 && behind >= 5 && twos != 0) {
    const int32_t fitting = (behind - 1) / 4;
    run->count = fitting < twos ? fitting : twos;
    run->pixels = rows[0] + left * p->channels;
    run->row = tg_dsp_depthwise_stride_2_distance(rows[0], rows[1]);
    run->row_2 = tg_dsp_depthwise_stride_2_distance(rows[1], rows[2]);
  } else {
    tg_dsp_depthwise_stride_2_copy(layer, rows, left);
    run->count = 1;
    run->pixels = layer->window;
    run->row = 5 * p->channels;
    run->row_2 = run->row;
  }
  run->second = twos != 0 ? p->channels : 0;
  const int32_t outputs = twos != 0 ? 2 * run->count : 1;
  layer->x += outputs;
  layer->output += outputs * p->channels;
  return 1;
}

TG_DSP_SHARED void tg_dsp_depthwise_stride_2_start(struct tg_dsp_depthwise_stride_2_layer *layer,
                                                   const struct tg_dsp_depthwise_stride_2_params *p,
                                                   const int8_t *input, int8_t *output,
                                                   int8_t *window) {
  const uint32_t zero = (uint32_t)(uint8_t)p->input_zero_point * 0x01010101u;
  layer->p = p;
  layer->input = input;
  layer->output = output;
  layer->window = window;
  layer->border = window + 15 * p->channels;
  layer->batch = 0;
  layer->y = 0;
  layer->x = 0;
  layer->run.column = p->channels;
  layer->run.column_2 = 2 * p->channels;
  layer->run.column_3 = 3 * p->channels;
  layer->run.column_4 = 4 * p->channels;
  layer->run.weights = p->weights;
  if (p->bordered) {
    tg_dsp_fill(layer->border, zero, p->input_width * p->channels);
  }
}

TG_DSP_SHARED void tg_dsp_depthwise_stride_2_all(struct tg_dsp_depthwise_stride_2_layer *layer,
                                                 tg_dsp_depthwise_stride_2_blocks *blocks) {
  while (tg_dsp_depthwise_stride_2_next(layer)) {
    blocks(&layer->run);
  }
}

#define TG_DSP_DEPTHWISE_STRIDE_2_CASE(gap, shift_)     \
  if (numbers.shift == (shift_)) {                      \
    blocks = tg_dsp_depthwise_stride_2_blocks_##shift_; \
  }

/* Scratch: fifteen pixels, and a row of the border where there is one above or below. */
TG_INLINE void tg_dsp_depthwise_stride_2(const struct tg_dsp_depthwise_stride_2_params *p,
                                         const int8_t *input, int8_t *output, void *scratch) {
  /* The compiler knows these numbers, and no longer those behind a pointer that others have. */
  const struct tg_dsp_depthwise_stride_2_params numbers = *p;
  struct tg_dsp_depthwise_stride_2_layer layer;
  tg_dsp_depthwise_stride_2_start(&layer, p, input, output, (int8_t *)scratch);
  if (numbers.own == 0) {
    tg_dsp_depthwise_stride_2_blocks *blocks = 0;
    TG_DSP_DW3_SHIFTS(TG_DSP_DEPTHWISE_STRIDE_2_CASE, 0)
    tg_dsp_depthwise_stride_2_all(&layer, blocks);
    return;
  }
  while (tg_dsp_depthwise_stride_2_next(&layer)) {
    register const struct tg_dsp_depthwise_stride_2_run *run_ __asm__("r0") = &layer.run;
    TG_DSP_DEPTHWISE_STRIDE_2_RUN(TG_DSP_DEPTHWISE_STRIDE_2_NEAR, numbers.shift, numbers.channels);
  }
}

#endif /* TG_DSP_DEPTHWISE_STRIDE_2_H */
