/* Four pixels times all output channels: the inner block of the convolutions of the set `dsp`.
 *
 * The activations of four pixels are expanded side by side once, quad by quad: four words A, four
 * words B (see tg_dsp.h). Then two output channels at a time are computed from them. What is read
 * of flash lies in one stream: of a pair of channels the two biases, for every quad a word of
 * each, and
 *
 *   rounded once:   m0, k0, m1, k1            SSAT8(SMMLAR(sum, m, k) ASR 12)
 *   rounded twice:  m0, k0, s0, m1, k1, s1    SSAT8(SMMLAR(sum ASR 7, m, k + (sum ASR 31)) ASR s)
 *
 * A single pixel, for what four do not divide, reads the same stream.
 */
#ifndef TG_DSP_PIXELS_H
#define TG_DSP_PIXELS_H

#include "tg_dsp.h"

/* What is computed: the output of one pixel or four. */
struct tg_dsp_pixels {
  const int32_t *weights;
  const uint32_t *stream; /* of expanded activations */
  const uint32_t *stop;   /* behind it */
  int8_t *output;         /* of the first pixel */
  const int8_t *end;      /* of it, some pairs of channels behind */
  int32_t pitch;          /* from a pixel's output to the next one's */
  uint32_t skip;          /* bytes of code from where the quads in a row are entered first */
};

/* Quads of four pixels in a row, the first of all in front of them, and of one pixel. */
#define TG_DSP_PIXELS_QUADS 8
#define TG_DSP_PIXELS_QUAD_BYTES 92
#define TG_DSP_PIXEL_QUADS 4
#define TG_DSP_PIXEL_QUAD_BYTES 32

#define TG_DSP_PIXELS_PRODUCTS   \
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

#define TG_DSP_PIXELS_QUAD                             \
  "ldrd    r8, r9, [r12], #8\n" TG_DSP_PIXELS_PRODUCTS \
  "sxtb16  r8, r8\n"                                   \
  "sxtb16  r9, r9\n" TG_DSP_PIXELS_PRODUCTS

/* The first quad: its products start from the biases, which lie in the sums that come last. */
#define TG_DSP_PIXELS_FIRST      \
  "ldrd    r6, r7, [r12], #8\n"  \
  "ldrd    r8, r9, [r12], #8\n"  \
  "ldrd    r10, r11, [lr], #8\n" \
  "smlad   r0, r10, r8, r6\n"    \
  "smlad   r1, r10, r9, r7\n"    \
  "smlad   r2, r11, r8, r6\n"    \
  "smlad   r3, r11, r9, r7\n"    \
  "ldrd    r10, r11, [lr], #8\n" \
  "smlad   r4, r10, r8, r6\n"    \
  "smlad   r5, r10, r9, r7\n"    \
  "smlad   r6, r11, r8, r6\n"    \
  "smlad   r7, r11, r9, r7\n"    \
  "sxtb16  r8, r8\n"             \
  "sxtb16  r9, r9\n" TG_DSP_PIXELS_PRODUCTS

#define TG_DSP_PIXELS_ONCE(sum, m, k)   \
  "smmlar  " sum ", " sum ", " m ", " k \
  "\n"                                  \
  "ssat    " sum ", #8, " sum ", asr #12\n"

#define TG_DSP_PIXELS_TWICE(sum, m, k, s, free) \
  "add     " free ", " k ", " sum               \
  ", asr #31\n"                                 \
  "asr     " sum ", " sum                       \
  ", #7\n"                                      \
  "smmlar  " sum ", " sum ", " m ", " free      \
  "\n"                                          \
  "asr     " sum ", " sum ", " s                \
  "\n"                                          \
  "ssat    " sum ", #8, " sum "\n"

#define TG_DSP_PIXELS_ALL_ONCE                                                            \
  "ldm     r12!, {r8, r9, r10, r11}\n" TG_DSP_PIXELS_ONCE("r0", "r8", "r9")               \
      TG_DSP_PIXELS_ONCE("r1", "r10", "r11") TG_DSP_PIXELS_ONCE("r2", "r8", "r9")         \
          TG_DSP_PIXELS_ONCE("r3", "r10", "r11") TG_DSP_PIXELS_ONCE("r4", "r8", "r9")     \
              TG_DSP_PIXELS_ONCE("r5", "r10", "r11") TG_DSP_PIXELS_ONCE("r6", "r8", "r9") \
                  TG_DSP_PIXELS_ONCE("r7", "r10", "r11")

#define TG_DSP_PIXELS_ALL_TWICE                                                                    \
  "ldm     r12!, {r8, r9, r10}\n" TG_DSP_PIXELS_TWICE(                                             \
      "r0", "r8", "r9", "r10", "lr") TG_DSP_PIXELS_TWICE("r2", "r8", "r9", "r10", "lr")            \
      TG_DSP_PIXELS_TWICE("r4", "r8", "r9", "r10", "lr") TG_DSP_PIXELS_TWICE(                      \
          "r6", "r8", "r9", "r10",                                                                 \
          "lr") "ldm     r12!, {r8, r9, r10}\n" TG_DSP_PIXELS_TWICE("r1", "r8", "r9", "r10", "lr") \
          TG_DSP_PIXELS_TWICE("r3", "r8", "r9", "r10", "lr")                                       \
              TG_DSP_PIXELS_TWICE("r5", "r8", "r9", "r10", "lr")                                   \
                  TG_DSP_PIXELS_TWICE("r7", "r8", "r9", "r10", "lr")

/*   r0 to r7   sums: r0, r1 of the first pixel's two channels, and so on
 *   r8, r9     weights of the two channels
 *   r10, r11   activations of two pixels
 *   r12, lr    where weights and activations are read
 *   stack      where the quads are entered, where the stream begins and ends, the output and its
 *              end, the pitch, three of it less two, and r7, which may be a frame pointer
 */
#define TG_DSP_PIXELS_RUN(requantize)                                                    \
  __asm__ volatile(                                                                      \
      "push    {r7}\n"                                                                   \
      "ldm     r0, {r1, r2, r3, r4, r5, r6, r7}\n"                                       \
      "mov     r12, r1\n"                                                                \
      "adr     r0, 3f + 1\n"                                                             \
      "sub     r0, r0, r7\n"                                                             \
      "add     r7, r6, r6, lsl #1\n"                                                     \
      "sub     r7, r7, #2\n"                                                             \
      "push    {r0, r2, r3, r4, r5, r6, r7}\n"                                           \
      "1:\n"                                                                             \
      "ldr     lr, [sp, #4]\n" TG_DSP_PIXELS_FIRST                                       \
      "ldr     pc, [sp]\n"                                                               \
      ".balign 4\n"                                                                      \
      "2:\n" TG_DSP_PIXELS_QUAD TG_DSP_PIXELS_QUAD TG_DSP_PIXELS_QUAD TG_DSP_PIXELS_QUAD \
          TG_DSP_PIXELS_QUAD TG_DSP_PIXELS_QUAD TG_DSP_PIXELS_QUAD TG_DSP_PIXELS_QUAD    \
      "3:\n"                                                                             \
      "ldr     r8, [sp, #8]\n"                                                           \
      "cmp     lr, r8\n"                                                                 \
      "bne     2b\n" requantize                                                          \
      "bfi     r0, r1, #8, #8\n"                                                         \
      "bfi     r2, r3, #8, #8\n"                                                         \
      "bfi     r4, r5, #8, #8\n"                                                         \
      "bfi     r6, r7, #8, #8\n"                                                         \
      "ldrd    lr, r1, [sp, #12]\n"                                                      \
      "ldrd    r3, r5, [sp, #20]\n"                                                      \
      "strh    r2, [lr, r3]\n"                                                           \
      "strh    r4, [lr, r3, lsl #1]\n"                                                   \
      "strh    r0, [lr], #2\n"                                                           \
      "strh    r6, [lr, r5]\n"                                                           \
      "str     lr, [sp, #12]\n"                                                          \
      "cmp     lr, r1\n"                                                                 \
      "bne     1b\n"                                                                     \
      "mov     r0, r12\n"                                                                \
      "add     sp, sp, #28\n"                                                            \
      "pop     {r7}\n"                                                                   \
      : "+r"(at)                                                                         \
      :                                                                                  \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

#define TG_DSP_PIXEL_QUAD       \
  "ldrd    r2, r3, [r12], #8\n" \
  "ldrd    r4, r5, [lr], #8\n"  \
  "smlad   r0, r4, r2, r0\n"    \
  "smlad   r1, r4, r3, r1\n"    \
  "sxtb16  r2, r2\n"            \
  "sxtb16  r3, r3\n"            \
  "smlad   r0, r5, r2, r0\n"    \
  "smlad   r1, r5, r3, r1\n"

#define TG_DSP_PIXEL_ONCE                                                 \
  "ldm     r12!, {r2, r3, r4, r5}\n" TG_DSP_PIXELS_ONCE("r0", "r2", "r3") \
      TG_DSP_PIXELS_ONCE("r1", "r4", "r5")

#define TG_DSP_PIXEL_TWICE                            \
  "ldm     r12!, {r2, r3, r4}\n" TG_DSP_PIXELS_TWICE( \
      "r0", "r2", "r3", "r4",                         \
      "r5") "ldm     r12!, {r2, r3, r4}\n" TG_DSP_PIXELS_TWICE("r1", "r2", "r3", "r4", "r5")

/*   r0, r1     sums of two channels         r2, r3    weights
 *   r4, r5     activations A and B          r12, lr   where weights and activations are read
 *   r6, r8     where the stream ends and begins
 *   r9         where the quads are entered
 *   r10, r11   where the output is written, and its end
 */
#define TG_DSP_PIXEL_RUN(requantize)                                                 \
  __asm__ volatile(                                                                  \
      "push    {r7}\n"                                                               \
      "ldm     r0, {r1, r2, r3, r4, r5, r6, r7}\n"                                   \
      "mov     r12, r1\n"                                                            \
      "mov     r8, r2\n"                                                             \
      "mov     r6, r3\n"                                                             \
      "mov     r10, r4\n"                                                            \
      "mov     r11, r5\n"                                                            \
      "adr     r9, 3f + 1\n"                                                         \
      "sub     r9, r9, r7\n"                                                         \
      "1:\n"                                                                         \
      "mov     lr, r8\n"                                                             \
      "ldrd    r0, r1, [r12], #8\n"                                                  \
      "bx      r9\n"                                                                 \
      ".balign 4\n"                                                                  \
      "2:\n" TG_DSP_PIXEL_QUAD TG_DSP_PIXEL_QUAD TG_DSP_PIXEL_QUAD TG_DSP_PIXEL_QUAD \
      "3:\n"                                                                         \
      "cmp     lr, r6\n"                                                             \
      "bne     2b\n" requantize                                                      \
      "bfi     r0, r1, #8, #8\n"                                                     \
      "strh    r0, [r10], #2\n"                                                      \
      "cmp     r10, r11\n"                                                           \
      "bne     1b\n"                                                                 \
      "mov     r0, r12\n"                                                            \
      "pop     {r7}\n"                                                               \
      : "+r"(at)                                                                     \
      :                                                                              \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

/* Gives the weights behind those that were read. */
typedef const int32_t *tg_dsp_pixels_run(const struct tg_dsp_pixels *pixels);

TG_DSP_SHARED const int32_t *tg_dsp_four_pixels_once(const struct tg_dsp_pixels *pixels) {
  register const void *at __asm__("r0") = pixels;
  TG_DSP_PIXELS_RUN(TG_DSP_PIXELS_ALL_ONCE);
  return (const int32_t *)at;
}

TG_DSP_SHARED const int32_t *tg_dsp_four_pixels_twice(const struct tg_dsp_pixels *pixels) {
  register const void *at __asm__("r0") = pixels;
  TG_DSP_PIXELS_RUN(TG_DSP_PIXELS_ALL_TWICE);
  return (const int32_t *)at;
}

TG_DSP_SHARED const int32_t *tg_dsp_one_pixel_once(const struct tg_dsp_pixels *pixels) {
  register const void *at __asm__("r0") = pixels;
  TG_DSP_PIXEL_RUN(TG_DSP_PIXEL_ONCE);
  return (const int32_t *)at;
}

TG_DSP_SHARED const int32_t *tg_dsp_one_pixel_twice(const struct tg_dsp_pixels *pixels) {
  register const void *at __asm__("r0") = pixels;
  TG_DSP_PIXEL_RUN(TG_DSP_PIXEL_TWICE);
  return (const int32_t *)at;
}

/* Quads of four pixels, `distance` bytes from one to the next, side by side up to `end`.
 *
 *   r0, r1     where the first pixel is read, and how far the second one is away
 *   r2, r3     where is written, up to where
 *   r4 to r7   the pixels' words, then B         r8 to r11   A
 *   r12        127 in both halves                lr          how far the fourth pixel is away
 */
TG_DSP_SHARED uint32_t *tg_dsp_expand_four(const int8_t *from, int32_t distance, uint32_t *to,
                                           const uint32_t *end) {
  register const int8_t *r0 __asm__("r0") = from;
  register int32_t r1 __asm__("r1") = distance;
  register uint32_t *r2 __asm__("r2") = to;
  register const uint32_t *r3 __asm__("r3") = end;
  __asm__ volatile(
      "push    {r7}\n"
      "mov     r12, #0x007f007f\n"
      "add     lr, r1, r1, lsl #1\n"
      "1:\n"
      "ldr     r5, [r0, r1]\n"
      "ldr     r6, [r0, r1, lsl #1]\n"
      "ldr     r7, [r0, lr]\n"
      "ldr     r4, [r0], #4\n"
      "sxtb16  r8, r4, ror #8\n"
      "sxtb16  r9, r5, ror #8\n"
      "sxtb16  r10, r6, ror #8\n"
      "sxtb16  r11, r7, ror #8\n"
      "bic     r4, r4, #0xff00ff00\n"
      "bic     r5, r5, #0xff00ff00\n"
      "bic     r6, r6, #0xff00ff00\n"
      "bic     r7, r7, #0xff00ff00\n"
      "add     r4, r12, r4, lsl #8\n"
      "add     r5, r12, r5, lsl #8\n"
      "add     r6, r12, r6, lsl #8\n"
      "add     r7, r12, r7, lsl #8\n"
      "ssub16  r4, r4, r8\n"
      "ssub16  r5, r5, r9\n"
      "ssub16  r6, r6, r10\n"
      "ssub16  r7, r7, r11\n"
      "stm     r2!, {r8, r9, r10, r11}\n"
      "stm     r2!, {r4, r5, r6, r7}\n"
      "cmp     r2, r3\n"
      "bne     1b\n"
      "pop     {r7}\n"
      : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
      :
      : "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
  return r2;
}

/* The bytes of code from where the first of `quads` in rows of `some` is entered to their end. */
TG_INLINE uint32_t tg_dsp_pixels_skip(int32_t quads, int32_t some, int32_t bytes) {
  const int32_t rest = quads % some;
  return (uint32_t)((rest == 0 && quads != 0 ? some : rest) * bytes);
}

/* For four pixels of so many quads, side by side in `stream`; `channels` are the pitch too. */
TG_INLINE struct tg_dsp_pixels tg_dsp_pixels_fours(const int32_t *weights, const uint32_t *stream,
                                                   int32_t quads, int32_t channels) {
  const struct tg_dsp_pixels fours = {
      .weights = weights,
      .stream = stream,
      .stop = stream + 8 * quads,
      .output = NULL, /* it and the end change from call to call */
      .end = NULL,
      .pitch = channels,
      .skip = tg_dsp_pixels_skip(quads - 1, TG_DSP_PIXELS_QUADS, TG_DSP_PIXELS_QUAD_BYTES)};
  return fours;
}

/* For one pixel, A and B of each quad in turn. */
TG_INLINE struct tg_dsp_pixels tg_dsp_pixels_ones(const int32_t *weights, const uint32_t *stream,
                                                  int32_t quads, int32_t channels) {
  const struct tg_dsp_pixels ones = {
      .weights = weights,
      .stream = stream,
      .stop = stream + 2 * quads,
      .output = NULL, /* it and the end change from call to call */
      .end = NULL,
      .pitch = channels,
      .skip = tg_dsp_pixels_skip(quads, TG_DSP_PIXEL_QUADS, TG_DSP_PIXEL_QUAD_BYTES)};
  return ones;
}

/* All channels of `count` pixels, 4 or 1, for which `pixels` was made and `run` is; `even` where
 * their number is known to be. */
TG_INLINE void tg_dsp_pixels_write(struct tg_dsp_pixels *pixels, int8_t *output, int32_t count,
                                   tg_dsp_pixels_run *run, int even) {
  const int32_t channels = pixels->pitch, pairs = channels / 2 * 2;
  if (even) {
    pixels->output = output;
    pixels->end = output + channels;
    run(pixels);
    return;
  }
  struct tg_dsp_pixels last = *pixels;
  if (pairs != 0) {
    pixels->output = output;
    pixels->end = output + pairs;
    last.weights = run(pixels);
  }
  if (pairs != channels) { /* a pair whose second channel is none */
    int8_t codes[8];
    last.output = codes;
    last.end = codes + 2;
    last.pitch = 2;
    run(&last);
    for (int32_t i = 0; i < count; ++i) {
      output[i * channels + pairs] = codes[2 * i];
    }
  }
}

#endif /* TG_DSP_PIXELS_H */
