/* CONV_2D and FULLY_CONNECTED of int16 activations with Helium: two pixels by four channels at a
 * time, in one assembly statement.
 *
 * VLDRB.S16 widens eight int8 weights as it loads them, VMLADAVA adds eight products to a core
 * register, which has to be an even one; sums are of 32 bits, which is proved to be enough. VRMULH
 * is the specification's rounding: see kernel_sets/int16.py.
 *
 *   r0  r2  r4   r6   sums of the first pixel with channels 0 to 3
 *   r8  r10 r12  lr   sums of the second one
 *   r11, r9, r1       where windows and weights are read: what widens wants a low register
 *   r3, r5            where codes are written
 *   r7                channels that are left; rounds of the loop that are
 *   q0, q1            8 inputs of both pixels; then their sums
 *   q2, q3            8 weights of a channel; then biases and multipliers
 */
#ifndef TG_MVE_CONV_2D_INT16_H
#define TG_MVE_CONV_2D_INT16_H

#include "mve/tg_layer.h"
#include "tg_dsp_rows.h"

struct tg_mve_conv_2d_int16_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t input_channels;
  int32_t output_height;
  int32_t output_width;
  int32_t output_channels;
  int32_t filter_height;
  int32_t runs;                   /* of neighbouring taps in a row of the filter */
  int32_t run_bytes;              /* of one */
  int32_t run_step;               /* bytes from a run to the next one */
  int32_t stride_height;          /* in rows */
  int32_t stride_step;            /* bytes from a window to the next one */
  int32_t dilation_height;        /* rows from tap to tap */
  int32_t pad_top;                /* rows of the first window above the image */
  int32_t pad_left;               /* bytes of the first window left of the image */
  int32_t direct;                 /* 1: a window is one pixel of the image, without a border */
  int32_t kept;                   /* else rows in scratch, as many as a window spans */
  int32_t pitch;                  /* bytes of one of them, with its borders; a multiple of 4 */
  int32_t relu;                   /* 1: no code is below 0 */
  const TG_FLASH int8_t *weights; /* for each four channels: 8 weights of each in turn; then int32:
                                     four biases, four multipliers */
};

/* Two windows and where their codes go, in the order of the registers. */
struct tg_mve_pair_int16 {
  const int8_t *weights;
  int16_t *output0;
  int16_t *output1;
  int32_t channels;
  const int16_t *row1;
  const int16_t *row0;
};

/* clang-format off */

#define TG_MVE_INT16_STEP(sum)         \
  "vldrh.u16  q0, [r11], #16\n"         \
  "vldrb.s16  q2, [r1], #8\n"         \
  sum "       r0, q0, q2\n"            \
  "vldrh.u16  q1, [r9], #16\n"         \
  sum "       r8, q1, q2\n"            \
  "vldrb.s16  q3, [r1], #8\n"         \
  sum "       r2, q0, q3\n"            \
  "vldrb.s16  q2, [r1], #8\n"         \
  sum "       r10, q1, q3\n"           \
  "vldrb.s16  q3, [r1], #8\n"         \
  sum "       r4, q0, q2\n"            \
  sum "       r12, q1, q2\n"           \
  sum "       r6, q0, q3\n"            \
  sum "       lr, q1, q3\n"

/* One or two, and then a loop of two. */
#define TG_MVE_INT16_STEPS             \
  TG_MVE_INT16_STEP("vmladav.s16")     \
  ".if %c[steps] %% 2 == 0\n"          \
  TG_MVE_INT16_STEP("vmladava.s16")    \
  ".endif\n"                           \
  ".if %c[steps] > 2\n"                \
  "push       {r7}\n"                  \
  "movw       r7, #(%c[steps] - 1) / 2\n" \
  "1:\n"                               \
  TG_MVE_INT16_STEP("vmladava.s16")    \
  TG_MVE_INT16_STEP("vmladava.s16")    \
  "subs       r7, r7, #1\n"            \
  "bne        1b\n"                    \
  "pop        {r7}\n"                  \
  ".endif\n"                           \
  "sub        r11, r11, #16 * %c[steps]\n" \
  "sub        r9, r9, #16 * %c[steps]\n"

#define TG_MVE_INT16_CODES                  \
  "vmov       q0[2], q0[0], r0, r4\n"       \
  "vldrw.u32  q2, [r1], #16\n"             \
  "vmov       q0[3], q0[1], r2, r6\n"       \
  "vmov       q1[2], q1[0], r8, r12\n"      \
  "vldrw.u32  q3, [r1], #16\n"             \
  "vmov       q1[3], q1[1], r10, lr\n"      \
  "vadd.i32   q0, q0, q2\n"                 \
  "vadd.i32   q1, q1, q2\n"                 \
  "vrmulh.s32 q0, q0, q3\n"                 \
  "vrmulh.s32 q1, q1, q3\n"                 \
  ".if %c[relu]\n"                          \
  "vmov.i32   q2, #0\n"                     \
  "vmax.s32   q0, q0, q2\n"                 \
  "vmax.s32   q1, q1, q2\n"                 \
  ".endif\n"                                \
  "vqmovnb.s32 q0, q0\n"                    \
  "vqmovnb.s32 q1, q1\n"

#define TG_MVE_INT16_STORE                  \
  ".if %c[whole]\n"                         \
  "vstrh.32   q1, [r5], #8\n"               \
  "vstrh.32   q0, [r3], #8\n"               \
  ".else\n"                                 \
  "vctp.32    r7\n"                         \
  "vpstt\n"                                 \
  "vstrht.32  q1, [r5], #8\n"               \
  "vstrht.32  q0, [r3], #8\n"               \
  ".endif\n"

/* clang-format on */

/* All channels of two windows of so many `steps` of eight elements. */
TG_INLINE void tg_mve_conv_2d_int16_run(const struct tg_mve_pair_int16 *pair, int32_t steps,
                                        int32_t whole, int32_t relu) {
  register const struct tg_mve_pair_int16 *at __asm__("r0") = pair;
  __asm__ volatile(
      "ldm  r0, {r1, r3, r5, r7, r9, r11}\n"
      "2:\n" TG_MVE_INT16_STEPS TG_MVE_INT16_CODES TG_MVE_INT16_STORE
      "subs r7, r7, #4\n"
      "bgt  2b\n"
      : "+r"(at)
      : "m"(*pair), [steps] "i"(steps), [whole] "i"(whole), [relu] "i"(relu)
      : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1",
        "q2", "q3", "cc", "p0", "memory");
}

/* A window, the first row of which is in the place `slot`, one run behind the other in `to`; up to
 * 16 bytes more are read and written. */
TG_INLINE void tg_mve_conv_2d_int16_gather(const struct tg_mve_conv_2d_int16_params *p,
                                           const int8_t *rows, int32_t slot, int32_t left,
                                           int8_t *to) {
  for (int32_t y = 0; y < p->filter_height; ++y) {
    const int8_t *from = rows + slot * p->pitch + left;
    for (int32_t run = 0; run < p->runs; ++run) {
      for (int32_t i = 0; i < p->run_bytes; i += 16) {
        vstrbq_s8(to + i, vldrbq_s8(from + i));
      }
      to += p->run_bytes;
      from += p->run_step;
    }
    slot += p->dilation_height;
    slot -= slot >= p->kept ? p->kept : 0;
  }
}

/* Scratch: two windows, each with room for 16 bytes more than eights of elements take, then the
 * rows. Windows that lie in the image, in eights of elements, need none. */
TG_INLINE void tg_mve_conv_2d_int16(const struct tg_mve_conv_2d_int16_params *p,
                                    const int16_t *input, int16_t *output, void *scratch) {
  const int32_t bytes = p->filter_height * p->runs * p->run_bytes;
  const int32_t steps = (bytes + 15) / 16, n = p->output_channels;
  int8_t *const windows[2] = {(int8_t *)scratch, (int8_t *)scratch + 16 * (steps + 1)};
  struct tg_dsp_rows rows = {.rows = windows[1] + 16 * (steps + 1),
                             .image = (const int8_t *)input,
                             .height = p->input_height,
                             .width = 2 * p->input_width * p->input_channels,
                             .pad_top = p->pad_top,
                             .pad_left = p->pad_left,
                             .kept = p->kept,
                             .pitch = p->pitch,
                             .next = 0};
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      const int8_t *const line = rows.image + y * p->stride_height * rows.width;
      const int32_t slot = p->direct ? 0 : tg_dsp_rows_under(&rows, y * p->stride_height);
      for (int32_t x = 0; x < p->output_width; x += 2) {
        const int32_t two = x + 1 < p->output_width;
        const int8_t *from[2];
        for (int32_t i = 0; i < 2; ++i) {
          const int32_t left = (x + (i & two)) * p->stride_step;
          from[i] = windows[i];
          if (!p->direct) {
            tg_mve_conv_2d_int16_gather(p, rows.rows, slot, left, windows[i]);
          } else if (bytes % 16 != 0) {
            tg_mve_layer_copy(line + left, windows[i], bytes);
          } else {
            from[i] = line + left;
          }
        }
        const struct tg_mve_pair_int16 pair = {
            .weights = p->weights,
            .output0 = output,
            .output1 = output + two * n,
            .channels = n,
            .row1 = (const int16_t *)(const void *)from[1],
            .row0 = (const int16_t *)(const void *)from[0],
        };
        tg_mve_conv_2d_int16_run(&pair, steps, n % 4 == 0, p->relu);
        output += (1 + two) * n;
      }
    }
    rows.image += p->input_height * rows.width;
    rows.next = 0;
  }
}

#endif /* TG_MVE_CONV_2D_INT16_H */
