/* DEPTHWISE_CONV_2D of int16 activations, for cores with the DSP extension: three pixels in a row
 * times two channels at a time, from rows in scratch (see tg_dsp_rows.h).
 *
 * A word of activations has two neighbouring channels of a pixel, a word of weights those of a tap:
 * SMLABB and SMLATT multiply them. Where neighbouring windows are as far apart as neighbouring
 * taps, and the filter has three in a row, five columns serve the three windows.
 */
#ifndef TG_DSP_DEPTHWISE_CONV_2D_INT16_H
#define TG_DSP_DEPTHWISE_CONV_2D_INT16_H

#include "tg_dsp_int16.h"
#include "tg_dsp_rows.h"

struct tg_dsp_depthwise_conv_2d_int16_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;
  int32_t output_height;
  int32_t output_width;
  int32_t filter_height;
  int32_t filter_width;
  int32_t stride_height;   /* in rows */
  int32_t stride_step;     /* bytes from a window to the next one */
  int32_t dilation_height; /* rows from tap to tap */
  int32_t dilation_step;   /* bytes from tap to tap */
  int32_t pad_top;         /* rows of the first window above the image */
  int32_t pad_left;        /* bytes of the first window left of the image */
  int32_t kept;            /* rows in scratch, as many as a window spans */
  int32_t pitch;           /* bytes of one of them, with its borders; a multiple of 4 */
  int32_t relu;            /* 1: no code is below 0 */
  const int32_t *weights;  /* for two channels: 2 biases, a word of int16 for every tap, and 2
                              multipliers (see tg_dsp_int16.h) */
};

/* Three windows of some pairs of channels. */
struct tg_dsp_dw_int16 {
  const int32_t *weights;
  const int8_t *const *rows; /* under the windows */
  const int8_t *const *stop; /* behind them */
  int32_t left;              /* bytes of the first window's first tap in a row */
  int32_t distance;          /* bytes from window to window */
  int32_t step;              /* bytes from tap to tap */
  int32_t taps;              /* in a row */
  int16_t *outputs[3];       /* of which several may be one: the first of them is what stays */
  const int16_t *end;        /* of the first output */
};

/* The activation in `a`, of two channels, times the weights `w`, to two sums. */
#define TG_DSP_DW_INT16(a, w, sum0, sum1) \
  "smlabb  " sum0 ", " a ", " w ", " sum0 \
  "\n"                                    \
  "smlatt  " sum1 ", " a ", " w ", " sum1 "\n"

/* A row of any number of taps.
 *
 *   r6         weights of a tap            r8    activations
 *   r9, r11    where the first window's tap is read, and how far it is from tap to tap
 *   lr         taps to go
 */
#define TG_DSP_DW_INT16_ANY \
  "ldr     r9, [r7], #4\n"                                \
  "ldr     r6, [sp, #8]\n"                                \
  "ldr     lr, [sp, #12]\n"                               \
  "add     r9, r9, r6\n"                                  \
  "3:\n"                                                  \
  "ldr     r6, [r12], #4\n"                               \
  "ldr     r8, [r9, r10]\n"                               \
  TG_DSP_DW_INT16("r8", "r6", "r2", "r3")                 \
  "ldr     r8, [r9, r10, lsl #1]\n"                       \
  TG_DSP_DW_INT16("r8", "r6", "r4", "r5")                 \
  "ldr     r8, [r9]\n"                                    \
  TG_DSP_DW_INT16("r8", "r6", "r0", "r1")                 \
  "add     r9, r9, r11\n"                                 \
  "subs    lr, lr, #1\n"                                  \
  "bne     3b\n"

/* A row of three taps, as far apart as the windows.
 *
 *   r6, r8, lr  weights of the taps        r11   activations
 *   r9          where the first window is read
 */
#define TG_DSP_DW_INT16_THREE \
  "ldr     r9, [r7], #4\n"                                \
  "ldr     r11, [sp, #8]\n"                               \
  "ldm     r12!, {r6, r8, lr}\n"                          \
  "add     r9, r9, r11\n"                                 \
  "ldr     r11, [r9]\n"                                   \
  TG_DSP_DW_INT16("r11", "r6", "r0", "r1")                \
  "ldr     r11, [r9, r10]\n"                              \
  TG_DSP_DW_INT16("r11", "r8", "r0", "r1")                \
  TG_DSP_DW_INT16("r11", "r6", "r2", "r3")                \
  "ldr     r11, [r9, r10, lsl #1]\n"                      \
  TG_DSP_DW_INT16("r11", "lr", "r0", "r1")                \
  TG_DSP_DW_INT16("r11", "r8", "r2", "r3")                \
  TG_DSP_DW_INT16("r11", "r6", "r4", "r5")                \
  "ldr     r11, [r9, r10, lsl #2]\n"                      \
  "add     r9, r9, r10\n"                                 \
  TG_DSP_DW_INT16("r11", "lr", "r4", "r5")                \
  "ldr     r11, [r9, r10, lsl #1]\n"                      \
  TG_DSP_DW_INT16("r11", "lr", "r2", "r3")                \
  TG_DSP_DW_INT16("r11", "r8", "r4", "r5")

/*   r0 to r5   sums: r0, r1 of the first window's two channels, and so on; then codes in r0, r2 and
 *              r4, and where they are written in r1, r3 and r5
 *   r7         which row comes next
 *   r10        from window to window
 *   r12        where weights are read
 *   stack      the rows, their end, the first tap in a row, taps in a row, the three outputs, the
 *              end of the first one, and r7, which may be a frame pointer
 */
#define TG_DSP_DW_INT16_RUN(row, saturate) \
  __asm__ volatile(                                                                \
      "push    {r7}\n"                                                             \
      "ldm     r0, {r1, r2, r3, r4, r5, r6, r8, r9, r10, r11, lr}\n"               \
      "mov     r12, r1\n"                                                          \
      "push    {r2, r3, r4, r8, r9, r10, r11, lr}\n"                               \
      "mov     r10, r5\n"                                                          \
      "mov     r11, r6\n"                                                          \
      "1:\n"                                                                       \
      "ldrd    r4, r5, [r12], #8\n"                                                \
      "ldr     r7, [sp]\n"                                                         \
      "mov     r0, r4\n"                                                           \
      "mov     r1, r5\n"                                                           \
      "mov     r2, r4\n"                                                           \
      "mov     r3, r5\n"                                                           \
      "2:\n" row                                                                   \
      "ldr     r6, [sp, #4]\n"                                                     \
      "cmp     r7, r6\n"                                                           \
      "bne     2b\n"                                                               \
      "ldrd    r8, r9, [r12], #8\n"                                                \
      TG_DSP_INT16_CODES(saturate, "r0", "r1", "r8", "r9")                         \
      TG_DSP_INT16_CODES(saturate, "r2", "r3", "r8", "r9")                         \
      TG_DSP_INT16_CODES(saturate, "r4", "r5", "r8", "r9")                         \
      "add     r6, sp, #16\n"                                                      \
      "ldm     r6, {r1, r3, r5, lr}\n"                                             \
      "ldr     r8, [sp, #8]\n"                                                     \
      "str     r4, [r5], #4\n"                                                     \
      "str     r2, [r3], #4\n"                                                     \
      "str     r0, [r1], #4\n"                                                     \
      "add     r8, r8, #4\n"                                                       \
      "stm     r6, {r1, r3, r5}\n"                                                 \
      "str     r8, [sp, #8]\n"                                                     \
      "cmp     r1, lr\n"                                                           \
      "bne     1b\n"                                                               \
      "mov     r0, r12\n"                                                          \
      "add     sp, sp, #32\n"                                                      \
      "pop     {r7}\n"                                                             \
      : "+r"(at)                                                                   \
      :                                                                            \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

/* Gives the weights behind those that were read. */
typedef const int32_t *tg_dsp_dw_int16_run(const struct tg_dsp_dw_int16 *run);

TG_DSP_SHARED const int32_t *tg_dsp_dw_int16_any_all(const struct tg_dsp_dw_int16 *run) {
  register const void *at __asm__("r0") = run;
  TG_DSP_DW_INT16_RUN(TG_DSP_DW_INT16_ANY, TG_DSP_INT16_ALL);
  return (const int32_t *)at;
}

TG_DSP_SHARED const int32_t *tg_dsp_dw_int16_any_relu(const struct tg_dsp_dw_int16 *run) {
  register const void *at __asm__("r0") = run;
  TG_DSP_DW_INT16_RUN(TG_DSP_DW_INT16_ANY, TG_DSP_INT16_RELU);
  return (const int32_t *)at;
}

TG_DSP_SHARED const int32_t *tg_dsp_dw_int16_three_all(const struct tg_dsp_dw_int16 *run) {
  register const void *at __asm__("r0") = run;
  TG_DSP_DW_INT16_RUN(TG_DSP_DW_INT16_THREE, TG_DSP_INT16_ALL);
  return (const int32_t *)at;
}

TG_DSP_SHARED const int32_t *tg_dsp_dw_int16_three_relu(const struct tg_dsp_dw_int16 *run) {
  register const void *at __asm__("r0") = run;
  TG_DSP_DW_INT16_RUN(TG_DSP_DW_INT16_THREE, TG_DSP_INT16_RELU);
  return (const int32_t *)at;
}

/* All channels of `count` pixels, up to three, for which all else of `three` is set. */
TG_INLINE void tg_dsp_depthwise_conv_2d_int16_write(struct tg_dsp_dw_int16 *three, int16_t *output,
                                                    int32_t count, int32_t channels,
                                                    tg_dsp_dw_int16_run *run) {
  const int32_t paired = channels / 2 * 2;
  struct tg_dsp_dw_int16 last = *three;
  if (paired != 0) {
    for (int32_t i = 0; i < 3; ++i) {
      three->outputs[i] = output + (i < count ? i : count - 1) * channels;
    }
    three->end = output + paired;
    last.weights = run(three);
  }
  if (paired != channels) { /* a pair whose second channel is none */
    int16_t codes[6];
    for (int32_t i = 0; i < 3; ++i) {
      last.outputs[i] = codes + 2 * i;
    }
    last.end = codes + 2;
    last.left += 2 * paired;
    run(&last);
    for (int32_t i = 0; i < count; ++i) {
      output[i * channels + paired] = codes[2 * i];
    }
  }
}

TG_DSP_SHARED void tg_dsp_depthwise_conv_2d_int16_images(
    const struct tg_dsp_depthwise_conv_2d_int16_params *p, const int16_t *input, int16_t *output,
    const int8_t **list, tg_dsp_dw_int16_run *run) {
  struct tg_dsp_rows rows = {.rows = (int8_t *)(list + p->filter_height),
                             .image = (const int8_t *)input,
                             .height = p->input_height,
                             .width = 2 * p->input_width * p->channels,
                             .pad_top = p->pad_top,
                             .pad_left = p->pad_left,
                             .kept = p->kept,
                             .pitch = p->pitch,
                             .next = 0};
  struct tg_dsp_dw_int16 three = {.weights = p->weights,
                                  .rows = list,
                                  .stop = list + p->filter_height,
                                  .left = 0,
                                  .distance = p->stride_step,
                                  .step = p->dilation_step,
                                  .taps = p->filter_width,
                                  .outputs = {output, output, output},
                                  .end = output};
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      int32_t slot = tg_dsp_rows_under(&rows, y * p->stride_height);
      for (int32_t i = 0; i < p->filter_height; ++i) {
        list[i] = rows.rows + slot * p->pitch;
        slot += p->dilation_height;
        slot -= slot >= p->kept ? p->kept : 0;
      }
      three.left = 0;
      for (int32_t rest = p->output_width; rest > 0; rest -= 3) {
        const int32_t count = rest < 3 ? rest : 3;
        tg_dsp_depthwise_conv_2d_int16_write(&three, output, count, p->channels, run);
        three.left += 3 * p->stride_step;
        output += count * p->channels;
      }
    }
    rows.image += p->input_height * rows.width;
    rows.next = 0;
  }
}

/* Scratch: where the rows under a window are, then the rows. Each row of the input is taken once,
 * before the first row of the output that needs it is written. */
TG_INLINE void tg_dsp_depthwise_conv_2d_int16(const struct tg_dsp_depthwise_conv_2d_int16_params *p,
                                              const int16_t *input, int16_t *output,
                                              void *scratch) {
  tg_dsp_dw_int16_run *const any = p->relu ? tg_dsp_dw_int16_any_relu : tg_dsp_dw_int16_any_all;
  tg_dsp_dw_int16_run *const three =
      p->relu ? tg_dsp_dw_int16_three_relu : tg_dsp_dw_int16_three_all;
  const int joined = p->filter_width == 3 && p->stride_step == p->dilation_step;
  tg_dsp_depthwise_conv_2d_int16_images(p, input, output, (const int8_t **)scratch,
                                        joined ? three : any);
}

#endif /* TG_DSP_DEPTHWISE_CONV_2D_INT16_H */
