/* FULLY_CONNECTED of int16 activations, for cores with the DSP extension: four units at a time. */
#ifndef TG_DSP_FULLY_CONNECTED_INT16_H
#define TG_DSP_FULLY_CONNECTED_INT16_H

#include "tg_dsp_int16.h"

struct tg_dsp_fully_connected_int16_params {
  int32_t rows;           /* of the input and of the output */
  int32_t depth;          /* elements of an input row */
  int32_t units;          /* elements of an output row */
  int32_t relu;           /* 1: no code is below 0 */
  const int32_t *weights; /* for four units: 4 biases, 2 words for every two inputs, which are a
                             multiple of four, and 4 multipliers (see tg_dsp_int16.h) */
};

/* Some fours of units for one row. */
struct tg_dsp_fully_connected_int16_run {
  const int32_t *weights; /* of the first four */
  const int16_t *row;     /* a multiple of four inputs */
  const int16_t *stop;    /* behind it */
  int16_t *output;
  const int16_t *end; /* of the output */
  uint32_t skip; /* bytes of code from where the quads in a row are entered first to their end */
};

/* Four inputs of four units. */
#define TG_DSP_FC_INT16_PAIR(x, w01, w23) \
  "sxtb16  r8, " w01                      \
  "\n"                                    \
  "sxtb16  " w01 ", " w01                 \
  ", ror #8\n"                            \
  "smlad   r0, " x                        \
  ", r8, r0\n"                            \
  "smlad   r1, " x ", " w01               \
  ", r1\n"                                \
  "sxtb16  r8, " w23                      \
  "\n"                                    \
  "sxtb16  " w23 ", " w23                 \
  ", ror #8\n"                            \
  "smlad   r2, " x                        \
  ", r8, r2\n"                            \
  "smlad   r3, " x ", " w23 ", r3\n"
#define TG_DSP_FC_INT16_QUAD                                             \
  "ldm     r10!, {r4, r5, r6, r9}\n"                                     \
  "ldrd    r12, lr, [r11], #8\n" TG_DSP_FC_INT16_PAIR("r12", "r4", "r5") \
      TG_DSP_FC_INT16_PAIR("lr", "r6", "r9")
#define TG_DSP_FC_INT16_QUAD_BYTES 72
#define TG_DSP_FC_INT16_QUADS 8 /* in a row */

/*   r0 to r3           sums
 *   r4, r5, r6, r9     weights, then multipliers
 *   r8                 the weights of one unit
 *   r10, r11           where weights and inputs are read
 *   r12, lr            inputs; then the end and where the output is written
 *   stack              where the quads are entered, where the row begins and ends, the output and
 *                      its end; r7, which may be somebody's frame pointer, stays as it is
 */
#define TG_DSP_FC_INT16_RUN(saturate) \
  __asm__ volatile(                                                                               \
      "ldm     r0, {r1, r2, r3, r4, r5, r6}\n"                                                    \
      "mov     r10, r1\n"                                                                         \
      "adr     r1, 3f + 1\n"                                                                      \
      "sub     r1, r1, r6\n"                                                                      \
      "push    {r1, r2, r3, r4, r5}\n"                                                            \
      "1:\n"                                                                                      \
      "ldm     r10!, {r0, r1, r2, r3}\n"                                                          \
      "ldr     r11, [sp, #4]\n"                                                                   \
      "ldr     pc, [sp]\n"                                                                        \
      ".balign 4\n"                                                                               \
      "2:\n" TG_DSP_FC_INT16_QUAD TG_DSP_FC_INT16_QUAD TG_DSP_FC_INT16_QUAD TG_DSP_FC_INT16_QUAD  \
          TG_DSP_FC_INT16_QUAD TG_DSP_FC_INT16_QUAD TG_DSP_FC_INT16_QUAD TG_DSP_FC_INT16_QUAD     \
      "3:\n"                                                                                      \
      "ldr     r12, [sp, #8]\n"                                                                   \
      "cmp     r11, r12\n"                                                                        \
      "bne     2b\n"                                                                              \
      "ldm     r10!, {r4, r5, r6, r9}\n"                                                          \
      "ldrd    lr, r12, [sp, #12]\n" TG_DSP_INT16_CODES(saturate, "r0", "r1", "r4", "r5")         \
          TG_DSP_INT16_CODES(saturate, "r2", "r3", "r6", "r9")                                    \
      "str     r0, [lr], #4\n"                                                                    \
      "str     r2, [lr], #4\n"                                                                    \
      "str     lr, [sp, #12]\n"                                                                   \
      "cmp     lr, r12\n"                                                                         \
      "bne     1b\n"                                                                              \
      "mov     r0, r10\n"                                                                         \
      "add     sp, sp, #20\n"                                                                     \
      : "+r"(at)                                                                                  \
      :                                                                                           \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

/* Gives the weights behind those that were read. */
typedef const int32_t *tg_dsp_fully_connected_int16_fours(
    const struct tg_dsp_fully_connected_int16_run *run);

TG_DSP_SHARED const int32_t *tg_dsp_fully_connected_int16_all(
    const struct tg_dsp_fully_connected_int16_run *run) {
  register const void *at __asm__("r0") = run;
  TG_DSP_FC_INT16_RUN(TG_DSP_INT16_ALL);
  return (const int32_t *)at;
}

TG_DSP_SHARED const int32_t *tg_dsp_fully_connected_int16_relu(
    const struct tg_dsp_fully_connected_int16_run *run) {
  register const void *at __asm__("r0") = run;
  TG_DSP_FC_INT16_RUN(TG_DSP_INT16_RELU);
  return (const int32_t *)at;
}

TG_DSP_SHARED void tg_dsp_fully_connected_int16_rows(
    const struct tg_dsp_fully_connected_int16_params *p, const int16_t *input, int16_t *output,
    int16_t *row, tg_dsp_fully_connected_int16_fours *fours) {
  const int32_t quads = (p->depth + 3) / 4;
  const int32_t some = quads % TG_DSP_FC_INT16_QUADS, whole = p->units / 4 * 4;
  struct tg_dsp_fully_connected_int16_run run = {
      .weights = p->weights,
      .row = row,
      .stop = row + 4 * quads,
      .output = output,
      .end = output,
      .skip = (uint32_t)(some == 0 ? TG_DSP_FC_INT16_QUADS : some) * TG_DSP_FC_INT16_QUAD_BYTES};
  tg_dsp_fill((int8_t *)(row + 4 * (quads - 1)), 0, 8);
  for (int32_t y = 0; y < p->rows; ++y) {
    tg_dsp_copy((int8_t *)row, (const int8_t *)input, 2 * p->depth);
    run.weights = p->weights;
    if (whole != 0) {
      run.output = output;
      run.end = output + whole;
      run.weights = fours(&run);
    }
    if (whole != p->units) {
      int16_t last[4];
      run.output = last;
      run.end = last + 4;
      fours(&run);
      for (int32_t i = whole; i < p->units; ++i) {
        output[i] = last[i - whole];
      }
    }
    input += p->depth;
    output += p->units;
  }
}

/* Scratch: an input row, with zeros up to a multiple of four. */
TG_INLINE void tg_dsp_fully_connected_int16(const struct tg_dsp_fully_connected_int16_params *p,
                                            const int16_t *input, int16_t *output, void *scratch) {
  tg_dsp_fully_connected_int16_rows(
      p, input, output, (int16_t *)scratch,
      p->relu ? tg_dsp_fully_connected_int16_relu : tg_dsp_fully_connected_int16_all);
}

#endif /* TG_DSP_FULLY_CONNECTED_INT16_H */
