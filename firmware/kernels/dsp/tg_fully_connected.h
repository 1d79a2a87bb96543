/* FULLY_CONNECTED for cores with the DSP extension: a row is expanded once, and multiplied by five
 * units at a time.
 */
#ifndef TG_DSP_FULLY_CONNECTED_H
#define TG_DSP_FULLY_CONNECTED_H

#include "tg_dsp.h"

struct tg_dsp_fully_connected_params {
  int32_t rows;           /* of the input and of the output */
  int32_t depth;          /* elements of an input row */
  int32_t units;          /* elements of an output row */
  int32_t twice;          /* 1: requantization rounds twice; 0: once */
  const int32_t *weights; /* for five units: 5 biases, 5 words for every quad of the depth, and of
                             each unit the multiplier, the addend and the shift */
};

/* Some fives of units for one row. */
struct tg_dsp_fully_connected_run {
  const int32_t *weights; /* of the first five */
  const uint32_t *row;    /* expanded */
  const uint32_t *stop;   /* behind it */
  int8_t *output;
  const int8_t *end; /* of the output */
  uint32_t skip; /* bytes of code from where the quads in a row are entered first to their end */
};

/* Four weights of five units. */
#define TG_DSP_FC_QUAD                   \
  "ldm     r10!, {r5, r6, r7, r8, r9}\n" \
  "ldrd    r12, lr, [r11], #8\n"         \
  "smlad   r0, r12, r5, r0\n"            \
  "smlad   r1, r12, r6, r1\n"            \
  "smlad   r2, r12, r7, r2\n"            \
  "smlad   r3, r12, r8, r3\n"            \
  "smlad   r4, r12, r9, r4\n"            \
  "sxtb16  r5, r5\n"                     \
  "sxtb16  r6, r6\n"                     \
  "sxtb16  r7, r7\n"                     \
  "sxtb16  r8, r8\n"                     \
  "sxtb16  r9, r9\n"                     \
  "smlad   r0, lr, r5, r0\n"             \
  "smlad   r1, lr, r6, r1\n"             \
  "smlad   r2, lr, r7, r2\n"             \
  "smlad   r3, lr, r8, r3\n"             \
  "smlad   r4, lr, r9, r4\n"
#define TG_DSP_FC_QUAD_BYTES 68
#define TG_DSP_FC_QUADS 11 /* in a row: a depth of 128 is three of them */

/* SSAT8(SMMLAR(sum, m, k) ASR s) */
#define TG_DSP_FC_ONCE(sum)      \
  "ldm     r10!, {r5, r6, r7}\n" \
  "smmlar  " sum ", " sum        \
  ", r5, r6\n"                   \
  "asr     " sum ", " sum        \
  ", r7\n"                       \
  "ssat    " sum ", #8, " sum    \
  "\n"                           \
  "strb    " sum ", [lr], #1\n"

/* SSAT8(SMMLAR(sum ASR 7, m, k + (sum ASR 31)) ASR s) */
#define TG_DSP_FC_TWICE(sum)     \
  "ldm     r10!, {r5, r6, r7}\n" \
  "add     r6, r6, " sum         \
  ", asr #31\n"                  \
  "asr     " sum ", " sum        \
  ", #7\n"                       \
  "smmlar  " sum ", " sum        \
  ", r5, r6\n"                   \
  "asr     " sum ", " sum        \
  ", r7\n"                       \
  "ssat    " sum ", #8, " sum    \
  "\n"                           \
  "strb    " sum ", [lr], #1\n"

/*   r0 to r4   sums
 *   r5 to r9   weights; then multiplier, addend and shift
 *   r10, r11   where weights and activations are read
 *   r12, lr    activations A and B; then the end and where the output is written
 *   stack      where the quads are entered, where the row begins and ends, the output and its end,
 *              r7, which may be somebody's frame pointer
 */
#define TG_DSP_FC_RUN(requantize) \
  __asm__ volatile(                                                                     \
      "ldm     r0, {r1, r2, r3, r4, r5, r6}\n"                                          \
      "mov     r10, r1\n"                                                               \
      "adr     r1, 3f + 1\n"                                                            \
      "sub     r1, r1, r6\n"                                                            \
      "push    {r1, r2, r3, r4, r5, r7}\n"                                              \
      "1:\n"                                                                            \
      "ldm     r10!, {r0, r1, r2, r3, r4}\n"                                            \
      "ldr     r11, [sp, #4]\n"                                                         \
      "ldr     pc, [sp]\n" \
      ".balign 4\n" \
      "2:\n" TG_DSP_FC_QUAD TG_DSP_FC_QUAD TG_DSP_FC_QUAD TG_DSP_FC_QUAD \
TG_DSP_FC_QUAD TG_DSP_FC_QUAD TG_DSP_FC_QUAD TG_DSP_FC_QUAD \
TG_DSP_FC_QUAD TG_DSP_FC_QUAD TG_DSP_FC_QUAD "3:\n"                                                                            \
      "ldr     r12, [sp, #8]\n"                                                         \
      "cmp     r11, r12\n"                                                              \
      "bne     2b\n"                                                                    \
      "ldrd    lr, r12, [sp, #12]\n" requantize("r0") requantize("r1") requantize("r2") \
          requantize("r3") requantize("r4")                                             \
      "str     lr, [sp, #12]\n"                                                         \
      "cmp     lr, r12\n"                                                               \
      "bne     1b\n"                                                                    \
      "mov     r0, r10\n"                                                               \
      "pop     {r1, r2, r3, r4, r5, r7}\n"                                              \
      : "+r"(at)                                                                        \
      :                                                                                 \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc",\
        "memory")

/* Gives the weights behind those that were read. */
typedef const int32_t *tg_dsp_fully_connected_fives(const struct tg_dsp_fully_connected_run *run);

TG_DSP_SHARED const int32_t *tg_dsp_fully_connected_once(
    const struct tg_dsp_fully_connected_run *run) {
  register const void *at __asm__("r0") = run;
  TG_DSP_FC_RUN(TG_DSP_FC_ONCE);
  return (const int32_t *)at;
}

TG_DSP_SHARED const int32_t *tg_dsp_fully_connected_twice(
    const struct tg_dsp_fully_connected_run *run) {
  register const void *at __asm__("r0") = run;
  TG_DSP_FC_RUN(TG_DSP_FC_TWICE);
  return (const int32_t *)at;
}

TG_DSP_SHARED void tg_dsp_fully_connected_rows(const struct tg_dsp_fully_connected_params *p,
                                               const int8_t *input, int8_t *output, uint32_t *row,
                                               tg_dsp_fully_connected_fives *fives) {
  const int32_t quads = (p->depth + 3) / 4;
  const int32_t some = quads % TG_DSP_FC_QUADS, whole = p->units / 5 * 5;
  struct tg_dsp_fully_connected_run run = {
      .weights = p->weights,
      .row = row,
      .stop = row + 2 * quads,
      .output = output,
      .end = output,
      .skip = (uint32_t)(some == 0 ? TG_DSP_FC_QUADS : some) * TG_DSP_FC_QUAD_BYTES};
  for (int32_t y = 0; y < p->rows; ++y) {
    tg_dsp_expand_all(input, row, p->depth);
    run.weights = p->weights;
    if (whole != 0) {
      run.output = output;
      run.end = output + whole;
      run.weights = fives(&run);
    }
    if (whole != p->units) {
      int8_t last[5];
      run.output = last;
      run.end = last + 5;
      fives(&run);
      memcpy(output + whole, last, (size_t)(p->units - whole));
    }
    input += p->depth;
    output += p->units;
  }
}

/* Scratch: two words for each quad of an input row. */
TG_INLINE void tg_dsp_fully_connected(const struct tg_dsp_fully_connected_params *p,
                                      const int8_t *input, int8_t *output, void *scratch) {
  tg_dsp_fully_connected_rows(
      p, input, output, (uint32_t *)scratch,
      p->twice ? tg_dsp_fully_connected_twice : tg_dsp_fully_connected_once);
}

#endif /* TG_DSP_FULLY_CONNECTED_H */
