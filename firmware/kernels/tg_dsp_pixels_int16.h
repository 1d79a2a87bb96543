/* Four pixels times all output channels, of int16 activations: the inner block of the convolutions
 * of the set `dsp` for them.
 *
 * The activations of four pixels lie side by side in scratch, two of each pixel in turn. Two output
 * channels at a time are computed from them. What is read of flash lies in one stream: of a pair of
 * channels the two biases, a word of weights for every two inputs, and the two multipliers (see
 * tg_dsp_int16.h).
 */
#ifndef TG_DSP_PIXELS_INT16_H
#define TG_DSP_PIXELS_INT16_H

#include "tg_dsp_int16.h"

/* What is computed. */
struct tg_dsp_pixels_int16 {
  const int32_t *weights;
  const uint32_t *stream; /* of activations */
  const uint32_t *stop;   /* behind it */
  const int16_t *end;     /* of the first pixel's output, some pairs of channels behind */
  int16_t *outputs[4];    /* of the pixels, of which several may be one */
  uint32_t skip;          /* bytes of code from where the pairs in a row are entered first */
};

/* Pairs of inputs in a row, the first of all in front of them. */
#define TG_DSP_PIXELS_INT16_PAIRS 16
#define TG_DSP_PIXELS_INT16_PAIR_BYTES 52

#define TG_DSP_PIXELS_INT16_WEIGHTS \
  "ldr     r9, [r12], #4\n"         \
  "sxtb16  r8, r9\n"                \
  "sxtb16  r9, r9, ror #8\n"

#define TG_DSP_PIXELS_INT16_PAIR \
  TG_DSP_PIXELS_INT16_WEIGHTS    \
  "ldrd    r10, r11, [lr], #8\n" \
  "smlad   r0, r10, r8, r0\n"    \
  "smlad   r1, r10, r9, r1\n"    \
  "smlad   r2, r11, r8, r2\n"    \
  "smlad   r3, r11, r9, r3\n"    \
  "ldrd    r10, r11, [lr], #8\n" \
  "smlad   r4, r10, r8, r4\n"    \
  "smlad   r5, r10, r9, r5\n"    \
  "smlad   r6, r11, r8, r6\n"    \
  "smlad   r7, r11, r9, r7\n"

/* The first pair: its products start from the biases, which lie in the sums that come last. */
#define TG_DSP_PIXELS_INT16_FIRST                           \
  "ldrd    r6, r7, [r12], #8\n" TG_DSP_PIXELS_INT16_WEIGHTS \
  "ldrd    r10, r11, [lr], #8\n"                            \
  "smlad   r0, r10, r8, r6\n"                               \
  "smlad   r1, r10, r9, r7\n"                               \
  "smlad   r2, r11, r8, r6\n"                               \
  "smlad   r3, r11, r9, r7\n"                               \
  "ldrd    r10, r11, [lr], #8\n"                            \
  "smlad   r4, r10, r8, r6\n"                               \
  "smlad   r5, r10, r9, r7\n"                               \
  "smlad   r6, r11, r8, r6\n"                               \
  "smlad   r7, r11, r9, r7\n"

#define TG_DSP_PIXELS_INT16_FOUR                                             \
  TG_DSP_PIXELS_INT16_PAIR TG_DSP_PIXELS_INT16_PAIR TG_DSP_PIXELS_INT16_PAIR \
      TG_DSP_PIXELS_INT16_PAIR

/*   r0 to r7   sums: r0, r1 of the first pixel's two channels, and so on; then codes in r0, r2, r4
 *              and r6, and where they are written in r1, r3, r5 and r7
 *   r8, r9     weights of the two channels, then their multipliers
 *   r10, r11   activations of two pixels
 *   r12, lr    where weights and activations are read
 *   stack      where the pairs are entered, where the stream begins and ends, the end of the first
 *              output, the four outputs, and r7, which may be a frame pointer
 */
#define TG_DSP_PIXELS_INT16_RUN(saturate) \
  __asm__ volatile(                                                                                \
      "push    {r7}\n"                                                                             \
      "ldm     r0, {r1, r2, r3, r4, r5, r6, r7, r8, r9}\n"                                         \
      "mov     r12, r1\n"                                                                          \
      "adr     r1, 3f + 1\n"                                                                       \
      "sub     r1, r1, r9\n"                                                                       \
      "push    {r1, r2, r3, r4, r5, r6, r7, r8}\n"                                                 \
      "1:\n"                                                                                       \
      "ldr     lr, [sp, #4]\n" TG_DSP_PIXELS_INT16_FIRST                                           \
      "ldr     pc, [sp]\n"                                                                         \
      ".balign 4\n"                                                                                \
      "2:\n" TG_DSP_PIXELS_INT16_FOUR TG_DSP_PIXELS_INT16_FOUR TG_DSP_PIXELS_INT16_FOUR TG_DSP_PIXELS_INT16_FOUR \
      "3:\n"                                                                                       \
      "ldr     r8, [sp, #8]\n"                                                                     \
      "cmp     lr, r8\n"                                                                           \
      "bne     2b\n"                                                                               \
      "ldrd    r8, r9, [r12], #8\n" TG_DSP_INT16_CODES(saturate, "r0", "r1", "r8", "r9")           \
          TG_DSP_INT16_CODES(saturate, "r2", "r3", "r8", "r9")                                     \
              TG_DSP_INT16_CODES(saturate, "r4", "r5", "r8", "r9")                                 \
                  TG_DSP_INT16_CODES(saturate, "r6", "r7", "r8", "r9")                             \
      "add     r8, sp, #16\n"                                                                      \
      "ldm     r8, {r1, r3, r5, r7}\n"                                                             \
      "ldr     r9, [sp, #12]\n"                                                                    \
      "str     r0, [r1], #4\n"                                                                     \
      "str     r2, [r3], #4\n"                                                                     \
      "str     r4, [r5], #4\n"                                                                     \
      "str     r6, [r7], #4\n"                                                                     \
      "stm     r8, {r1, r3, r5, r7}\n"                                                             \
      "cmp     r1, r9\n"                                                                           \
      "bne     1b\n"                                                                               \
      "mov     r0, r12\n"                                                                          \
      "add     sp, sp, #32\n"                                                                      \
      "pop     {r7}\n"                                                                             \
      : "+r"(at)                                                                                   \
      :                                                                                            \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

/* Gives the weights behind those that were read. */
typedef const int32_t *tg_dsp_pixels_int16_run(const struct tg_dsp_pixels_int16 *pixels);

TG_DSP_SHARED const int32_t *tg_dsp_pixels_int16_all(const struct tg_dsp_pixels_int16 *pixels) {
  register const void *at __asm__("r0") = pixels;
  TG_DSP_PIXELS_INT16_RUN(TG_DSP_INT16_ALL);
  return (const int32_t *)at;
}

TG_DSP_SHARED const int32_t *tg_dsp_pixels_int16_relu(const struct tg_dsp_pixels_int16 *pixels) {
  register const void *at __asm__("r0") = pixels;
  TG_DSP_PIXELS_INT16_RUN(TG_DSP_INT16_RELU);
  return (const int32_t *)at;
}

/* Where four pixels are read. */
struct tg_dsp_four_int16 {
  const int16_t *from[4];
};

/* Pairs of inputs of four pixels, side by side up to `end`.
 *
 *   r0 to r3   where the pixels are read     r4 to r6, r8   their words
 *   r9, r10    where is written, up to where
 */
TG_DSP_SHARED void tg_dsp_side_by_side_int16(const struct tg_dsp_four_int16 *four, uint32_t *to,
                                             const uint32_t *end) {
  register const void *r0 __asm__("r0") = four;
  register uint32_t *r1 __asm__("r1") = to;
  register const uint32_t *r2 __asm__("r2") = end;
  __asm__ volatile(
      "mov     r9, r1\n"
      "mov     r10, r2\n"
      "ldm     r0, {r0, r1, r2, r3}\n"
      "1:\n"
      "ldr     r4, [r0], #4\n"
      "ldr     r5, [r1], #4\n"
      "ldr     r6, [r2], #4\n"
      "ldr     r8, [r3], #4\n"
      "stm     r9!, {r4, r5, r6, r8}\n"
      "cmp     r9, r10\n"
      "bne     1b\n"
      : "+r"(r0), "+r"(r1), "+r"(r2)
      :
      : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "cc", "memory");
}

/* For windows of so many pairs of inputs, side by side in `stream`. */
TG_INLINE struct tg_dsp_pixels_int16 tg_dsp_pixels_int16_of(const int32_t *weights,
                                                            const uint32_t *stream, int32_t pairs) {
  const int32_t some = TG_DSP_PIXELS_INT16_PAIRS, rest = (pairs - 1) % some;
  const int32_t first = rest == 0 && pairs != 1 ? some : rest;
  const struct tg_dsp_pixels_int16 pixels = {
      .weights = weights,
      .stream = stream,
      .stop = stream + 4 * pairs,
      .end = NULL, /* it and the outputs change from call to call */
      .outputs = {NULL, NULL, NULL, NULL},
      .skip = (uint32_t)(first * TG_DSP_PIXELS_INT16_PAIR_BYTES)};
  return pixels;
}

/* All `channels` of four neighbouring pixels, or of `count` and the last one of them repeated. */
TG_INLINE void tg_dsp_pixels_int16_write(struct tg_dsp_pixels_int16 *pixels, int16_t *output,
                                         int32_t count, int32_t channels,
                                         tg_dsp_pixels_int16_run *run) {
  const int32_t paired = channels / 2 * 2;
  struct tg_dsp_pixels_int16 last = *pixels;
  if (paired != 0) {
    for (int32_t i = 0; i < 4; ++i) {
      pixels->outputs[i] = output + (i < count ? i : count - 1) * channels;
    }
    pixels->end = output + paired;
    last.weights = run(pixels);
  }
  if (paired != channels) { /* a pair whose second channel is none */
    int16_t codes[8];
    for (int32_t i = 0; i < 4; ++i) {
      last.outputs[i] = codes + 2 * i;
    }
    last.end = codes + 2;
    run(&last);
    for (int32_t i = 0; i < count; ++i) {
      output[i * channels + paired] = codes[2 * i];
    }
  }
}

#endif /* TG_DSP_PIXELS_INT16_H */
