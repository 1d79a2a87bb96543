/* DEPTHWISE_CONV_2D with Helium: windows of one channel against a vector of sixteen inputs.
 *
 * The input rows that a few output rows need are taken apart by channels, in scratch, a pixel of
 * each row below the other: [channel][column][row]. Sixteen bytes in a row then hold several
 * windows: of 3x3, four columns of four rows hold four, two beside and two below each other, and
 * VMLADAV against four arrangements of the weights, zeros between them, gives all of their sums for
 * one load. The arrangements are the same bytes, read from a little before: what lies in front of a
 * channel's weights are the zeros behind those of the one before.
 *
 * A window that sixteen bytes do not hold is taken in up to four pieces, some columns each.
 *
 *   r0 r2 r4 r6   four sums, then another four
 *   r1, r3        where inputs are read, codes written
 *   r5, r7, r8    the channel's constants
 *   r9, r10       where constants and weights are read
 *   r11, r12      channels that are left, bytes from eight codes to the next
 *   q0            inputs, then the second four sums
 *   q1 to q4      weights
 *   q5            the first four sums, then all eight codes
 *   q6            2^n, for each sum
 *   q7            where the codes go, from r3
 */
#ifndef TG_MVE_DEPTHWISE_CONV_2D_H
#define TG_MVE_DEPTHWISE_CONV_2D_H

#include "mve/tg_layer.h"

struct tg_mve_depthwise_conv_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t input_channels;
  int32_t at_a_time; /* of these, a multiple of 8 where not all */
  int32_t depth_multiplier;
  int32_t output_height;
  int32_t output_width;
  int32_t pad_top;  /* rows of the first window above the image */
  int32_t pad_left; /* columns of the first window left of the image */
  int32_t input_zero_point;
  int32_t lines;     /* output rows that are computed at a time */
  int32_t rows;      /* input rows that they need */
  int32_t row_step;  /* input rows from the first of these to the first of the next ones */
  int32_t turns;     /* 1: rows that the next ones need too stay, and the others take turns */
  int32_t columns;   /* of a channel in scratch, border and all */
  int32_t at_once;   /* windows for a load: 4, 2 or 1 */
  int32_t pieces;    /* loads for a window: 1 to 4, more than one for 1 at once */
  int32_t piece;     /* bytes from one to the next */
  int32_t load_step; /* bytes from one load to the next */
  int32_t before1;   /* bytes by which weights are read from before, for the 2nd to 4th at once */
  int32_t before2;
  int32_t before3;
  int32_t rounds;     /* of eight codes in an output row or more, the last one apart */
  int32_t half;       /* 1: of the last one the first four codes will do */
  int32_t round_step; /* bytes of output from one to the next */
  int32_t mask;       /* which of eight codes are stored: two bits for each */
  int32_t mask_last;  /* in the last round */
  int32_t mask_few;   /* the same, for what is left of the output rows in the end */
  int32_t mask_few_last;
  int32_t twice; /* how sums are requantized: see tg_mve_layer */
  int32_t right;
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int16_t *offsets;   /* [8]: of the codes, in the order of the lanes */
  const TG_FLASH int8_t *weights;    /* 16 zeros, and 16 for each channel and piece */
  const TG_FLASH int32_t *constants; /* for each channel tweak, m / 2 and 2^n; or bias, m, shift */
};

/* All channels of some output rows; the first ones in the order of the registers. */
struct tg_mve_depthwise_conv_2d_run {
  const int8_t *source; /* of the first channel */
  int8_t *output;
  const int32_t *constants;
  const int8_t *weights;
  int32_t channels;
  int32_t round_step;
  int32_t mask;        /* what of a round is stored */
  int32_t mask_last;   /* of the last one */
  int32_t source_step; /* from a channel's end to the next one's begin */
  int32_t output_step;
  int32_t turned; /* whether the rows begin in the middle */
  const int16_t *offsets;
};

/* clang-format off */

/* One window of as many pieces. */
#define TG_MVE_DW_WINDOW(sum)                              \
  "vldrb.u8   q0, [r1]\n"                                  \
  "vmladav.s8 " sum ", q0, q1\n"                           \
  ".if %c[pieces] > 1\n"                                   \
  "vldrb.u8   q0, [r1, %[piece]]\n"                        \
  "vmladava.s8 " sum ", q0, q2\n"                          \
  ".endif\n"                                               \
  ".if %c[pieces] > 2\n"                                   \
  "vldrb.u8   q0, [r1, #2 * %c[piece]]\n"                  \
  "vmladava.s8 " sum ", q0, q3\n"                          \
  ".endif\n"                                               \
  ".if %c[pieces] > 3\n"                                   \
  "vldrb.u8   q0, [r1, #3 * %c[piece]]\n"                  \
  "vmladava.s8 " sum ", q0, q4\n"                          \
  ".endif\n"                                               \
  "add        r1, r1, %[load_step]\n"

/* Four sums, in a vector. */
#define TG_MVE_DW_FOUR(to)                                 \
  ".if %c[at_once] == 4\n"                                 \
  "vldrb.u8   q0, [r1], %[load_step]\n"                    \
  "vmladav.s8 r0, q0, q1\n"                                \
  "vmladav.s8 r2, q0, q2\n"                                \
  "vmladav.s8 r4, q0, q3\n"                                \
  "vmladav.s8 r6, q0, q4\n"                                \
  ".elseif %c[at_once] == 2\n"                             \
  "vldrb.u8   q0, [r1], %[load_step]\n"                    \
  "vmladav.s8 r0, q0, q1\n"                                \
  "vmladav.s8 r2, q0, q2\n"                                \
  "vldrb.u8   q0, [r1], %[load_step]\n"                    \
  "vmladav.s8 r4, q0, q1\n"                                \
  "vmladav.s8 r6, q0, q2\n"                                \
  ".else\n"                                                \
  TG_MVE_DW_WINDOW("r0") TG_MVE_DW_WINDOW("r2")            \
  TG_MVE_DW_WINDOW("r4") TG_MVE_DW_WINDOW("r6")            \
  ".endif\n"                                               \
  "vmov       " to "[2], " to "[0], r0, r4\n"              \
  "vmov       " to "[3], " to "[1], r2, r6\n"

#define TG_MVE_DW_ONCE                                     \
  "vmlas.u32    q5, q6, r5\n"                              \
  "vmlas.u32    q0, q6, r5\n"                              \
  "vqrdmulh.s32 q5, q5, r7\n"                              \
  "vqrdmulh.s32 q0, q0, r7\n"                              \
  "vshrnb.i32   q5, q0, #16\n"                             \
  "vqrshrnb.s16 q5, q5, %[right_shift]\n"
#define TG_MVE_DW_TWICE                                    \
  "vadd.i32     q5, q5, r5\n"                              \
  "vadd.i32     q0, q0, r5\n"                              \
  "vqrdmulh.s32 q5, q5, r7\n"                              \
  "vqrdmulh.s32 q0, q0, r7\n"                              \
  "vshr.s32     q6, q5, #31\n"                             \
  "vadd.i32     q5, q5, q6\n"                              \
  "vshr.s32     q6, q0, #31\n"                             \
  "vadd.i32     q0, q0, q6\n"                              \
  "vrshl.s32    q5, r8\n"                                  \
  "vrshl.s32    q0, r8\n"                                  \
  "vqmovnb.s32  q0, q0\n"                                  \
  "vqmovnt.s32  q0, q5\n"                                  \
  "mov          r0, %[zero_point]\n"                       \
  "vqadd.s16    q0, q0, r0\n"                              \
  "vqmovnb.s16  q5, q0\n"

#define TG_MVE_DW_CLAMP                                    \
  ".if %c[minimum] > -128\n"                               \
  "vmov.i8    q0, #%c[minimum] & 255\n"                    \
  "vmax.s8    q5, q5, q0\n"                                \
  ".endif\n"                                               \
  ".if %c[maximum] < 127\n"                                \
  "vmov.i8    q0, #%c[maximum] & 255\n"                    \
  "vmin.s8    q5, q5, q0\n"                                \
  ".endif\n"

#define TG_MVE_DW_STORE(whole)                             \
  ".if " whole "\n"                                        \
  "vstrb.16   q5, [r3, q7]\n"                              \
  ".else\n"                                                \
  "vpst\n"                                                 \
  "vstrbt.16  q5, [r3, q7]\n"                              \
  ".endif\n"

/* Eight codes: those of the first four in the upper halves of their lanes. */
#define TG_MVE_DW_ROUND(whole)                             \
  TG_MVE_DW_FOUR("q5")                                     \
  TG_MVE_DW_FOUR("q0")                                     \
  ".if %c[twice]\n" TG_MVE_DW_TWICE                        \
  ".else\n" TG_MVE_DW_ONCE                                 \
  ".endif\n"                                               \
  TG_MVE_DW_CLAMP                                          \
  TG_MVE_DW_STORE(whole)

/* The first four, where the others are not needed. */
#define TG_MVE_DW_HALF_ROUND                               \
  TG_MVE_DW_FOUR("q5")                                     \
  ".if %c[twice]\n"                                        \
  "vadd.i32     q5, q5, r5\n"                              \
  "vqrdmulh.s32 q5, q5, r7\n"                              \
  "vshr.s32     q6, q5, #31\n"                             \
  "vadd.i32     q5, q5, q6\n"                              \
  "vrshl.s32    q5, r8\n"                                  \
  "vqmovnt.s32  q0, q5\n"                                  \
  "mov          r0, %[zero_point]\n"                       \
  "vqadd.s16    q0, q0, r0\n"                              \
  "vqmovnb.s16  q5, q0\n"                                  \
  ".else\n"                                                \
  "vmlas.u32    q5, q6, r5\n"                              \
  "vqrdmulh.s32 q5, q5, r7\n"                              \
  "vqrshrnb.s16 q5, q5, %[right_shift]\n"                  \
  ".endif\n"                                               \
  TG_MVE_DW_CLAMP                                          \
  TG_MVE_DW_STORE("0")

#define TG_MVE_DW_WEIGHTS                                  \
  "vldrb.u8   q1, [r10]\n"                                 \
  ".if %c[at_once] > 1\n"                                  \
  "vldrb.u8   q2, [r10, #-%c[before1]]\n"                  \
  ".endif\n"                                               \
  ".if %c[at_once] > 2\n"                                  \
  "vldrb.u8   q3, [r10, #-%c[before2]]\n"                  \
  "vldrb.u8   q4, [r10, #-%c[before3]]\n"                  \
  ".endif\n"                                               \
  ".if %c[pieces] > 1\n"                                   \
  "vldrb.u8   q2, [r10, #16]\n"                            \
  ".endif\n"                                               \
  ".if %c[pieces] > 2\n"                                   \
  "vldrb.u8   q3, [r10, #32]\n"                            \
  ".endif\n"                                               \
  ".if %c[pieces] > 3\n"                                   \
  "vldrb.u8   q4, [r10, #48]\n"                            \
  ".endif\n"                                               \
  "add        r10, r10, #16 * %c[pieces]\n"

/* Of four rows the first two go behind the last two. */
#define TG_MVE_DW_TURN                                     \
  "ldr        r2, [r0, #40]\n"                             \
  "cbz        r2, 2f\n"                                    \
  "vrev32.16  q1, q1\n"                                    \
  "vrev32.16  q2, q2\n"                                    \
  "vrev32.16  q3, q3\n"                                    \
  "vrev32.16  q4, q4\n"                                    \
  "2:\n"

/* clang-format on */

TG_INLINE void tg_mve_depthwise_conv_2d_channels(const struct tg_mve_depthwise_conv_2d_run *run,
                                                 const struct tg_mve_depthwise_conv_2d_params *p) {
  register const struct tg_mve_depthwise_conv_2d_run *at __asm__("r0") = run;
  __asm__ volatile(
      "push       {r0, r1}\n"
      "ldr        r2, [r0, #44]\n"
      "vldrh.u16  q7, [r2]\n"
      "ldm        r0, {r1, r3, r9, r10, r11, r12}\n"
      "1:\n"
      "ldm        r9!, {r5, r7, r8}\n" TG_MVE_DW_WEIGHTS ".if %c[turns]\n" TG_MVE_DW_TURN
      ".endif\n"
      ".if %c[twice] == 0\n"
      "vdup.32    q6, r8\n"
      ".endif\n"
      ".if %c[rounds] > 1\n"
      ".if %c[whole] == 0\n"
      "ldr        r4, [r0, #24]\n"
      "vmsr       p0, r4\n"
      ".endif\n"
      "movw       r2, #%c[rounds] - 1\n"
      "dls        lr, r2\n"
      "3:\n" TG_MVE_DW_ROUND("%c[whole]")
      "add        r3, r3, r12\n"
      "le         lr, 3b\n"
      ".endif\n"
      ".if %c[whole_last] == 0\n"
      "ldr        r0, [sp]\n"
      "ldr        r2, [r0, #28]\n"
      "vmsr       p0, r2\n"
      ".endif\n"
      ".if %c[half]\n" TG_MVE_DW_HALF_ROUND ".else\n" TG_MVE_DW_ROUND("%c[whole_last]")
      ".endif\n"
      "ldr        r0, [sp]\n"
      "ldrd       r2, r4, [r0, #32]\n"
      "add        r1, r1, r2\n"
      "add        r3, r3, r4\n"
      "subs       r11, r11, #1\n"
      "bne        1b\n"
      "add        sp, sp, #8\n"
      : "+r"(at)
      : "m"(*run), [turns] "i"(p->turns), [half] "i"(p->half), [rounds] "i"(p->rounds), [whole] "i"(p->mask == 0xffff && p->mask_few == 0xffff), [whole_last] "i"(p->mask_last == 0xffff && p->mask_few_last == 0xffff), [at_once] "i"(p->at_once),
        [pieces] "i"(p->pieces), [piece] "i"(p->piece), [load_step] "i"(p->load_step),
        [before1] "i"(p->before1), [before2] "i"(p->before2), [before3] "i"(p->before3),
        [twice] "i"(p->twice), [right_shift] "i"(p->right), [zero_point] "i"(p->output_zero_point),
        [minimum] "i"(p->output_min), [maximum] "i"(p->output_max)
      : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1",
        "q2", "q3", "q4", "q5", "q6", "q7", "cc", "p0", "memory");
}

/* Pixels of eight channels, or the last ones, to a row of each channel. */
TG_INLINE void tg_mve_depthwise_conv_2d_spread(const int8_t *from, int8_t *to, int32_t pixels,
                                               int32_t channels, int32_t rows, uint16x8_t planes,
                                               mve_pred16_t some) {
  __asm__ volatile(
      "vmsr       p0, %[some]\n"
      "dls        lr, %[pixels]\n"
      "1:\n"
      ".if %c[channels_rest]\n"
      "vpstt\n"
      "vldrbt.u16 q0, [%[from]]\n"
      "vstrbt.16  q0, [%[to], %q[planes]]\n"
      ".else\n"
      "vldrb.u16  q0, [%[from]]\n"
      "vstrb.16   q0, [%[to], %q[planes]]\n"
      ".endif\n"
      "add        %[from], %[from], %[channels]\n"
      "add        %[to], %[to], %[rows]\n"
      "le         lr, 1b\n"
      : [from] "+l"(from), [to] "+r"(to)
      : [pixels] "r"(pixels), [channels] "r"(channels), [channels_rest] "i"(channels % 8),
        [rows] "i"(rows), [planes] "w"(planes), [some] "r"((int32_t)some)
      : "q0", "lr", "p0", "memory");
}

/* The same for a row outside of the image. */
TG_INLINE void tg_mve_depthwise_conv_2d_border(int8_t *to, int32_t pixels, int32_t rows,
                                               int32_t zero_point, uint16x8_t planes,
                                               mve_pred16_t some) {
  const uint16x8_t border = vreinterpretq_u16_s16(vdupq_n_s16((int16_t)zero_point));
  for (int32_t i = pixels; i > 0; --i) {
    vstrbq_scatter_offset_p_u16((uint8_t *)to, planes, border, some);
    to += rows;
  }
}

/* An input row, or one outside of the image, to the rows of so many channels that begin at `to`. */
TG_INLINE void tg_mve_depthwise_conv_2d_take(const struct tg_mve_depthwise_conv_2d_params *p,
                                             const int8_t *image, int32_t channels, int32_t row,
                                             int8_t *to, int32_t pixels) {
  const int32_t plane = p->columns * p->rows;
  const uint16x8_t planes = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)plane);
  for (int32_t c = 0; c < channels; c += 8) {
    const mve_pred16_t some = vctp16q((uint32_t)(channels - c));
    if (row < 0 || row >= p->input_height) {
      tg_mve_depthwise_conv_2d_border(to, pixels, p->rows, p->input_zero_point, planes, some);
    } else {
      tg_mve_depthwise_conv_2d_spread(image + row * p->input_width * p->input_channels + c, to,
                                      pixels, p->input_channels, p->rows, planes, some);
    }
    to += 8 * plane;
  }
}

/* Some channels of an image, whose first ones these point to. Scratch: `columns` by `rows` bytes
 * for each. */
TG_INLINE void tg_mve_depthwise_conv_2d_image(const struct tg_mve_depthwise_conv_2d_params *p,
                                              const int8_t *input, int8_t *output, int32_t first,
                                              int32_t channels, int8_t *planes) {
  const int32_t plane = p->columns * p->rows, n = p->input_channels * p->depth_multiplier;
  const int32_t reach = p->columns - p->pad_left;
  const int32_t pixels = reach < p->input_width ? reach : p->input_width;
  const int32_t read = p->load_step * (8 / p->at_once * p->rounds - (p->half ? 4 / p->at_once : 0));
  int32_t top = -p->pad_top, kept = 0, turned = 0;
  tg_mve_layer_fill(planes, plane * channels, p->input_zero_point);
  for (int32_t y = 0; y < p->output_height; y += p->lines) {
    for (int32_t i = kept; i < p->rows; ++i) {
      const int32_t slot = turned ? (i + 2) % 4 : i;
      tg_mve_depthwise_conv_2d_take(p, input, channels, top + i,
                                    planes + p->pad_left * p->rows + slot, pixels);
    }
    const int32_t few = y + p->lines > p->output_height;
    struct tg_mve_depthwise_conv_2d_run run = {
        .source = planes,
        .output = output,
        .constants = p->constants + 3 * first,
        .weights = p->weights + 16 + 16 * p->pieces * first,
        .channels = p->depth_multiplier == 1 ? channels : p->depth_multiplier,
        .round_step = p->round_step,
        .mask = few ? p->mask_few : p->mask,
        .mask_last = few ? p->mask_few_last : p->mask_last,
        .source_step = (p->depth_multiplier == 1 ? plane : 0) - read,
        .output_step = 1 - (p->rounds - 1) * p->round_step,
        .turned = turned,
        .offsets = p->offsets,
    };
    for (int32_t c = 0; c < channels * p->depth_multiplier; c += run.channels) {
      tg_mve_depthwise_conv_2d_channels(&run, p);
      run.source += plane;
      run.output += run.channels;
      run.constants += 3 * run.channels;
      run.weights += 16 * p->pieces * run.channels;
    }
    output += (few ? p->output_height - y : p->lines) * p->output_width * n;
    top += p->row_step;
    if (p->turns) {
      kept = 2;
      turned = !turned;
    }
  }
}

/* Scratch: `columns` by `rows` bytes for each channel at a time. */
TG_INLINE void tg_mve_depthwise_conv_2d(const struct tg_mve_depthwise_conv_2d_params *p,
                                        const int8_t *input, int8_t *output, void *scratch) {
  const int32_t n = p->input_channels;
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t c = 0; c < n; c += p->at_a_time) {
      const int32_t some = n - c < p->at_a_time ? n - c : p->at_a_time;
      tg_mve_depthwise_conv_2d_image(p, input + c, output + c, c, some, (int8_t *)scratch);
    }
    input += p->input_height * p->input_width * n;
    output += p->output_height * p->output_width * n * p->depth_multiplier;
  }
}

#endif /* TG_MVE_DEPTHWISE_CONV_2D_H */
