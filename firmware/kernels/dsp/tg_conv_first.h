/* CONV_2D of few channels, as a network's first, for cores with the DSP extension.
 *
 * Input rows are expanded once, to int16 in their own order, and lie in scratch one below the other
 * with their borders. Weights are int16 too, 256 times their value. Three pixels, beside or below
 * each other, times two channels are computed at a time, from two words of a window's row in turn.
 * All steps over a window stand in a row.
 */
#ifndef TG_DSP_CONV_FIRST_H
#define TG_DSP_CONV_FIRST_H

#include "tg_dsp.h"

struct tg_dsp_conv_first_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t depth; /* channels of the input */
  int32_t wide;  /* channels in scratch: `depth` or one more, so that windows begin at words */
  int32_t output_height;
  int32_t output_width;
  int32_t channels;       /* of the output, an even number */
  int32_t filter_height;  /* rows */
  int32_t pairs;          /* of words in a window's row; at least 1 */
  int32_t single;         /* 1: and one more word */
  int32_t stride_height;  /* in rows */
  int32_t stride_step;    /* bytes of scratch from a window to the next one */
  int32_t pad_top;        /* rows of the first window above the image */
  int32_t pad_left;       /* columns of the first window left of the image */
  int32_t band;           /* output rows at a time: 3 pixels below each other, or 1 */
  int32_t kept;           /* rows in scratch */
  int32_t pitch;          /* bytes of one of them, with its borders; a multiple of 4 */
  int32_t zero_point;     /* of the input: the border's code */
  int32_t twice;          /* 1: requantization rounds twice; 0: once */
  const int32_t *weights; /* for two channels: 2 biases, the words of each in turn, and multiplier,
                             addend and, where it rounds twice, shift of each */
};

/* All channels of three pixels, or of one. */
struct tg_dsp_conv_first_run {
  const int32_t *weights;
  const int8_t *window; /* of the last pixel */
  int8_t *output;       /* of the first one */
  const int8_t *end;    /* of its channels */
};

/* The last pixel's words of a step, which goes on to the next one in the row, or to the next row.
 */
#define TG_DSP_CONV_FIRST_NEAR "ldrd    r10, r11, [lr], #8\n"
#define TG_DSP_CONV_FIRST_NEXT          \
  ".if %c[next] > 1020\n"               \
  "ldrd    r10, r11, [lr]\n"            \
  "addw    lr, lr, #%c[next]\n"         \
  ".else\n"                             \
  "ldrd    r10, r11, [lr], #%c[next]\n" \
  ".endif\n"

#define TG_DSP_CONV_FIRST_TWO(first, second, from0, from1) \
  "smlad   " first ", r10, r6, " from0                     \
  "\n"                                                     \
  "smlad   " second ", r10, r7, " from1                    \
  "\n"                                                     \
  "smlad   " first ", r11, r8, " first                     \
  "\n"                                                     \
  "smlad   " second ", r11, r9, " second "\n"

/* Two words of three pixels; the first step of all starts from the biases, which lie in the last
 * pixel's sums. */
#define TG_DSP_CONV_FIRST_START(last)                                                            \
  "ldm     r12!, {r6, r7, r8, r9}\n"                                                             \
  "ldrd    r10, r11, [lr, #%c[back2]]\n" TG_DSP_CONV_FIRST_TWO(                                  \
      "r0", "r1", "r4",                                                                          \
      "r5") "ldrd    r10, r11, [lr, #%c[back1]]\n" TG_DSP_CONV_FIRST_TWO("r2", "r3", "r4", "r5") \
      last TG_DSP_CONV_FIRST_TWO("r4", "r5", "r4", "r5")
#define TG_DSP_CONV_FIRST_PAIR(last)                                                             \
  "ldm     r12!, {r6, r7, r8, r9}\n"                                                             \
  "ldrd    r10, r11, [lr, #%c[back2]]\n" TG_DSP_CONV_FIRST_TWO(                                  \
      "r0", "r1", "r0",                                                                          \
      "r1") "ldrd    r10, r11, [lr, #%c[back1]]\n" TG_DSP_CONV_FIRST_TWO("r2", "r3", "r2", "r3") \
      last TG_DSP_CONV_FIRST_TWO("r4", "r5", "r4", "r5")
/* One word of them, the last one of a row. */
#define TG_DSP_CONV_FIRST_SINGLE                     \
  "ldrd    r6, r7, [r12], #8\n"                      \
  "ldrd    r10, r11, [lr, #%c[back2]]\n"             \
  "smlad   r0, r10, r6, r0\n"                        \
  "smlad   r1, r10, r7, r1\n"                        \
  "ldrd    r10, r11, [lr, #%c[back1]]\n"             \
  "smlad   r2, r10, r6, r2\n"                        \
  "smlad   r3, r10, r7, r3\n" TG_DSP_CONV_FIRST_NEXT \
  "smlad   r4, r10, r6, r4\n"                        \
  "smlad   r5, r10, r7, r5\n"

/* The same of one pixel. */
#define TG_DSP_CONV_FIRST_PAIR_OF_ONE(last) \
  "ldm     r12!, {r6, r7, r8, r9}\n" last TG_DSP_CONV_FIRST_TWO("r0", "r1", "r0", "r1")
#define TG_DSP_CONV_FIRST_SINGLE_OF_ONE                \
  "ldrd    r6, r7, [r12], #8\n" TG_DSP_CONV_FIRST_NEXT \
  "smlad   r0, r10, r6, r0\n"                          \
  "smlad   r1, r10, r7, r1\n"

/* What follows in a row when `done` pairs of it are, and so many more rows. */
#define TG_DSP_CONV_FIRST_ROW(done, pair, single) \
  ".rept %c[pairs] + %c[single] - 1 - " done "\n"                       \
  pair(TG_DSP_CONV_FIRST_NEAR) ".endr\n"                                \
  ".if %c[single]\n" single                                             \
  ".elseif %c[pairs] > " done "\n" pair(TG_DSP_CONV_FIRST_NEXT) ".endif\n"
#define TG_DSP_CONV_FIRST_ROWS(count, pair, single) \
  ".rept %c[rows] - " count "\n" TG_DSP_CONV_FIRST_ROW("0", pair, single) ".endr\n"

/* SSAT8(SMMLAR(sum, m, k) ASR 12) */
#define TG_DSP_CONV_FIRST_ONCE(sum, m, k) \
  "smmlar  " sum ", " sum ", " m ", " k   \
  "\n"                                    \
  "ssat    " sum ", #8, " sum ", asr #12\n"
/* SSAT8(SMMLAR(sum ASR 7, m, k + (sum ASR 31)) ASR s) */
#define TG_DSP_CONV_FIRST_TWICE(sum) \
  "add     r9, r7, " sum             \
  ", asr #31\n"                      \
  "asr     " sum ", " sum            \
  ", #7\n"                           \
  "smmlar  " sum ", " sum            \
  ", r6, r9\n"                       \
  "asr     " sum ", " sum            \
  ", r8\n"                           \
  "ssat    " sum ", #8, " sum "\n"
#define TG_DSP_CONV_FIRST_PAIR_ONCE(first, second) \
  TG_DSP_CONV_FIRST_ONCE(first, "r6", "r7") TG_DSP_CONV_FIRST_ONCE(second, "r8", "r9")

/*   r0 to r5   sums: r0, r1 of the first pixel's two channels, and so on
 *   r6 to r9   weights: a word of both channels, and another one; then multipliers and addends
 *   r10, r11   two words of a pixel; then where the output is written, and its end
 *   r12, lr    where weights and the last pixel's activations are read
 *   stack      the window, the output and its end, r7, which may be a frame pointer
 */
#define TG_DSP_CONV_FIRST_RUN(biases, steps, requantize, write)                               \
  __asm__ volatile(                                                                           \
      "ldm     r0, {r1, r2, r3, r4}\n"                                                        \
      "mov     r12, r1\n"                                                                     \
      "push    {r2, r3, r4, r7}\n"                                                            \
      "1:\n"                                                                                  \
      "ldr     lr, [sp]\n"                                                                    \
      "ldrd    " biases ", [r12], #8\n" steps requantize "ldrd    r10, r11, [sp, #4]\n" write \
      "strh    r0, [r10], #2\n"                                                               \
      "str     r10, [sp, #4]\n"                                                               \
      "cmp     r10, r11\n"                                                                    \
      "bne     1b\n"                                                                          \
      "pop     {r2, r3, r4, r7}\n"                                                            \
      : "+r"(at)                                                                              \
      : [rows] "i"(p->filter_height), [pairs] "i"(p->pairs), [single] "i"(p->single),         \
        [next] "i"(p->pitch - 8 * (p->pairs + p->single - 1)), [back1] "i"(-apart),           \
        [back2] "i"(-2 * apart), [write1] "i"(written), [write2] "i"(2 * written)             \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

#define TG_DSP_CONV_FIRST_THREE_STEPS                                                              \
  ".if %c[pairs] + %c[single] == 1\n" TG_DSP_CONV_FIRST_START(                                     \
      TG_DSP_CONV_FIRST_NEXT) ".else\n" TG_DSP_CONV_FIRST_START(TG_DSP_CONV_FIRST_NEAR)            \
      TG_DSP_CONV_FIRST_ROW(                                                                       \
          "1", TG_DSP_CONV_FIRST_PAIR,                                                             \
          TG_DSP_CONV_FIRST_SINGLE) ".endif\n" TG_DSP_CONV_FIRST_ROWS("1", TG_DSP_CONV_FIRST_PAIR, \
                                                                      TG_DSP_CONV_FIRST_SINGLE)
#define TG_DSP_CONV_FIRST_ONE_STEPS \
  TG_DSP_CONV_FIRST_ROWS("0", TG_DSP_CONV_FIRST_PAIR_OF_ONE, TG_DSP_CONV_FIRST_SINGLE_OF_ONE)
#define TG_DSP_CONV_FIRST_THREE_WRITE \
  "bfi     r2, r3, #8, #8\n"          \
  "bfi     r4, r5, #8, #8\n"          \
  "strh    r2, [r10, #%c[write1]]\n"  \
  "strh    r4, [r10, #%c[write2]]\n"  \
  "bfi     r0, r1, #8, #8\n"
#define TG_DSP_CONV_FIRST_ONE_WRITE "bfi     r0, r1, #8, #8\n"
#define TG_DSP_CONV_FIRST_THREE_ONCE                                         \
  "ldm     r12!, {r6, r7, r8, r9}\n" TG_DSP_CONV_FIRST_PAIR_ONCE("r0", "r1") \
      TG_DSP_CONV_FIRST_PAIR_ONCE("r2", "r3") TG_DSP_CONV_FIRST_PAIR_ONCE("r4", "r5")
#define TG_DSP_CONV_FIRST_THREE_TWICE                                                            \
  "ldm     r12!, {r6, r7, r8}\n" TG_DSP_CONV_FIRST_TWICE("r0") TG_DSP_CONV_FIRST_TWICE("r2")     \
      TG_DSP_CONV_FIRST_TWICE("r4") "ldm     r12!, {r6, r7, r8}\n" TG_DSP_CONV_FIRST_TWICE("r1") \
          TG_DSP_CONV_FIRST_TWICE("r3") TG_DSP_CONV_FIRST_TWICE("r5")
#define TG_DSP_CONV_FIRST_ONE_ONCE \
  "ldm     r12!, {r6, r7, r8, r9}\n" TG_DSP_CONV_FIRST_PAIR_ONCE("r0", "r1")
#define TG_DSP_CONV_FIRST_ONE_TWICE                       \
  "ldm     r12!, {r6, r7, r8}\n" TG_DSP_CONV_FIRST_TWICE( \
      "r0") "ldm     r12!, {r6, r7, r8}\n" TG_DSP_CONV_FIRST_TWICE("r1")

/* Three pixels whose windows lie `apart` bytes from each other, their outputs `written`. */
TG_INLINE void tg_dsp_conv_first_three(const struct tg_dsp_conv_first_params *p,
                                       const int8_t *window, int8_t *output, const int32_t apart,
                                       const int32_t written) {
  const struct tg_dsp_conv_first_run run = {p->weights, window + 2 * apart, output,
                                            output + p->channels};
  register const void *at __asm__("r0") = &run;
  if (p->twice) {
    TG_DSP_CONV_FIRST_RUN("r4, r5", TG_DSP_CONV_FIRST_THREE_STEPS, TG_DSP_CONV_FIRST_THREE_TWICE,
                          TG_DSP_CONV_FIRST_THREE_WRITE);
  } else {
    TG_DSP_CONV_FIRST_RUN("r4, r5", TG_DSP_CONV_FIRST_THREE_STEPS, TG_DSP_CONV_FIRST_THREE_ONCE,
                          TG_DSP_CONV_FIRST_THREE_WRITE);
  }
}

TG_INLINE void tg_dsp_conv_first_one(const struct tg_dsp_conv_first_params *p, const int8_t *window,
                                     int8_t *output) {
  const struct tg_dsp_conv_first_run run = {p->weights, window, output, output + p->channels};
  const int32_t apart = 0, written = 0;
  register const void *at __asm__("r0") = &run;
  if (p->twice) {
    TG_DSP_CONV_FIRST_RUN("r0, r1", TG_DSP_CONV_FIRST_ONE_STEPS, TG_DSP_CONV_FIRST_ONE_TWICE,
                          TG_DSP_CONV_FIRST_ONE_WRITE);
  } else {
    TG_DSP_CONV_FIRST_RUN("r0, r1", TG_DSP_CONV_FIRST_ONE_STEPS, TG_DSP_CONV_FIRST_ONE_ONCE,
                          TG_DSP_CONV_FIRST_ONE_WRITE);
  }
}

/* Four int8 as int16, to any address. */
TG_INLINE void tg_dsp_conv_first_widen(uint32_t word, int8_t *to) {
  uint32_t even, odd;
  __asm__(
      "sxtb16  %[odd], %[word], ror #8\n\t"
      "sxtb16  %[even], %[word]\n\t"
      "pkhtb   %[word], %[odd], %[even], asr #16\n\t"
      "pkhbt   %[even], %[even], %[odd], lsl #16"
      : [even] "=&r"(even), [odd] "=&r"(odd), [word] "+r"(word));
  tg_dsp_put(to, even);
  tg_dsp_put(to + 4, word);
}

/* `columns` pixels of the image, each with a channel more where `wide` says so. */
TG_INLINE void tg_dsp_conv_first_pixels(const struct tg_dsp_conv_first_params *p,
                                        const int8_t *from, int8_t *to, int32_t columns) {
  if (p->wide == p->depth) {
    int32_t count = columns * p->depth;
    for (; count >= 4; count -= 4) {
      tg_dsp_conv_first_widen(tg_dsp_word(from), to);
      from += 4;
      to += 8;
    }
    for (; count > 0; --count) {
      const int16_t code = *from++;
      memcpy(to, &code, sizeof code);
      to += sizeof code;
    }
  } else if (p->depth == 3) {
    for (; columns > 1; --columns) {
      tg_dsp_conv_first_widen(tg_dsp_word(from), to);
      from += 3;
      to += 8;
    }
    tg_dsp_conv_first_widen(tg_dsp_tail(from, 3), to); /* nothing is read behind the image */
  } else {
    for (; columns > 0; --columns) {
      tg_dsp_put(to, (uint32_t)(int32_t)*from++);
      to += 4;
    }
  }
}

/* `count` bytes of int16. */
TG_INLINE void tg_dsp_conv_first_border(const struct tg_dsp_conv_first_params *p, int8_t *to,
                                        int32_t count) {
  const int16_t code = (int16_t)p->zero_point;
  for (; count > 0; count -= (int32_t)sizeof code) {
    memcpy(to, &code, sizeof code);
    to += sizeof code;
  }
}

/* Row `y` of the image, or of what lies above and below, with its borders. */
TG_INLINE void tg_dsp_conv_first_keep(const struct tg_dsp_conv_first_params *p, const int8_t *image,
                                      int32_t y, int8_t *row) {
  const int32_t column = p->wide * (int32_t)sizeof(int16_t), left = p->pad_left * column;
  int32_t inside = p->pitch / column - p->pad_left;
  inside = inside < p->input_width ? inside : p->input_width;
  if (y < 0 || y >= p->input_height) {
    tg_dsp_conv_first_border(p, row, p->pitch);
    return;
  }
  tg_dsp_conv_first_border(p, row, left);
  tg_dsp_conv_first_pixels(p, image + y * p->input_width * p->depth, row + left, inside);
  tg_dsp_conv_first_border(p, row + left + inside * column, p->pitch - left - inside * column);
}

/* Rows of output pixels, `count` of them, from the scratch row under the first one's windows. */
TG_INLINE void tg_dsp_conv_first_band(const struct tg_dsp_conv_first_params *p, const int8_t *row,
                                      int8_t *output, int32_t count) {
  const int32_t below = p->stride_height * p->pitch, written = p->output_width * p->channels;
  if (p->band == 3 && count == 3) {
    for (int32_t x = 0; x < p->output_width; ++x) {
      tg_dsp_conv_first_three(p, row + x * p->stride_step, output + x * p->channels, below,
                              written);
    }
    return;
  }
  for (int32_t y = 0; y < count; ++y) {
    const int8_t *window = row + y * below;
    int32_t x = p->output_width;
    for (; p->band == 1 && x >= 3; x -= 3) {
      tg_dsp_conv_first_three(p, window, output, p->stride_step, p->channels);
      window += 3 * p->stride_step;
      output += 3 * p->channels;
    }
    if (p->output_width % 3 != 0 || p->band == 3) {
      for (; x > 0; --x) {
        tg_dsp_conv_first_one(p, window, output);
        window += p->stride_step;
        output += p->channels;
      }
    }
  }
}

/* Scratch: the rows, and 8 bytes. Each row of the input is taken once, before the first band of
 * output rows that needs it is written. */
TG_INLINE void tg_dsp_conv_first(const struct tg_dsp_conv_first_params *p, const int8_t *input,
                                 int8_t *output, void *scratch) {
  int8_t *const rows = (int8_t *)scratch;
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    /* Rows are counted from the border's first one: that at the front, and behind the last one. */
    int32_t front = 0, next = 0;
    for (int32_t y = 0; y < p->output_height; y += p->band) {
      const int32_t left = p->output_height - y, count = left < p->band ? left : p->band;
      const int32_t top = y * p->stride_height;
      const int32_t bottom = top + (count - 1) * p->stride_height + p->filter_height;
      next = next < top ? top : next;
      if (bottom - front > p->kept) {
        tg_dsp_copy(rows, rows + (top - front) * p->pitch, (next - top) * p->pitch);
        front = top;
      }
      for (; next < bottom; ++next) {
        tg_dsp_conv_first_keep(p, input, next - p->pad_top, rows + (next - front) * p->pitch);
      }
      tg_dsp_conv_first_band(p, rows + (top - front) * p->pitch, output, count);
      output += count * p->output_width * p->channels;
    }
    input += p->input_height * p->input_width * p->depth;
  }
}

#endif /* TG_DSP_CONV_FIRST_H */
