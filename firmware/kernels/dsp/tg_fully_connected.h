/* FULLY_CONNECTED for cores with the DSP extension: a row is expanded once, and multiplied by four
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
  const int32_t *weights; /* for four units: 4 biases, 4 words for every quad of the depth, and of
                             each unit the multiplier, the addend and the shift */
};

/* Four weights of four units. */
#define TG_DSP_FC_QUAD                                  \
  "ldm     %[weights]!, {%[w0], %[w1], %[w2], %[w3]}\n" \
  "ldrd    %[a], %[b], [%[row]], #8\n"                  \
  "smlad   %[c0], %[a], %[w0], %[c0]\n"                 \
  "smlad   %[c1], %[a], %[w1], %[c1]\n"                 \
  "smlad   %[c2], %[a], %[w2], %[c2]\n"                 \
  "smlad   %[c3], %[a], %[w3], %[c3]\n"                 \
  "sxtb16  %[w0], %[w0]\n"                              \
  "sxtb16  %[w1], %[w1]\n"                              \
  "sxtb16  %[w2], %[w2]\n"                              \
  "sxtb16  %[w3], %[w3]\n"                              \
  "smlad   %[c0], %[b], %[w0], %[c0]\n"                 \
  "smlad   %[c1], %[b], %[w1], %[c1]\n"                 \
  "smlad   %[c2], %[b], %[w2], %[c2]\n"                 \
  "smlad   %[c3], %[b], %[w3], %[c3]\n"
#define TG_DSP_FC_QUAD_BYTES 56
#define TG_DSP_FC_QUADS 8 /* in a row */

/* SSAT8(SMMLAR(sum, m, k) ASR s) */
#define TG_DSP_FC_ONCE(sum)                      \
  "ldm     %[weights]!, {%[w0], %[w1], %[w2]}\n" \
  "smmlar  " sum ", " sum ", %[w0], %[w1]\n"     \
  "asr     " sum ", " sum ", %[w2]\n"            \
  "ssat    " sum ", #8, " sum                    \
  "\n"                                           \
  "strb    " sum ", [%[output]], #1\n"

/* SSAT8(SMMLAR(sum ASR 7, m, k + (sum ASR 31)) ASR s) */
#define TG_DSP_FC_TWICE(sum)                     \
  "ldm     %[weights]!, {%[w0], %[w1], %[w2]}\n" \
  "add     %[w1], %[w1], " sum                   \
  ", asr #31\n"                                  \
  "asr     " sum ", " sum                        \
  ", #7\n"                                       \
  "smmlar  " sum ", " sum ", %[w0], %[w1]\n"     \
  "asr     " sum ", " sum ", %[w2]\n"            \
  "ssat    " sum ", #8, " sum                    \
  "\n"                                           \
  "strb    " sum ", [%[output]], #1\n"

/* Four units: `weights`, `row` and `output` end up behind what was read and written.
 *
 *   r0 to r3        sums
 *   r4, r5, r6, r8  weights, and then multiplier, addend and shift
 *   a, b            activations
 *   weights, row, output, stop; where in the row of quads to enter it, `skip` bytes before its end,
 *   comes from memory
 */
#define TG_DSP_FC_BLOCK(requantize)                                                           \
  __asm__ volatile(                                                                           \
      "ldm     %[weights]!, {%[c0], %[c1], %[c2], %[c3]}\n"                                   \
      "ldr     %[w1], %[skip]\n"                                                              \
      "adr     %[w0], 2f\n"                                                                   \
      "sub     %[w0], %[w0], %[w1]\n"                                                         \
      "mov     pc, %[w0]\n"                                                                   \
      ".balign 4\n"                                                                           \
      "1:\n" TG_DSP_FC_QUAD TG_DSP_FC_QUAD TG_DSP_FC_QUAD TG_DSP_FC_QUAD TG_DSP_FC_QUAD       \
          TG_DSP_FC_QUAD TG_DSP_FC_QUAD TG_DSP_FC_QUAD                                        \
      "2:\n"                                                                                  \
      "cmp     %[row], %[stop]\n"                                                             \
      "bne     1b\n" requantize("%[c0]") requantize("%[c1]") requantize("%[c2]")              \
          requantize("%[c3]")                                                                 \
      : [c0] "=&r"(c0), [c1] "=&r"(c1), [c2] "=&r"(c2), [c3] "=&r"(c3), [w0] "=&r"(w0),       \
        [w1] "=&r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3), [a] "=&r"(a), [b] "=&r"(b),           \
        [weights] "+r"(weights), [row] "+r"(row), [output] "+r"(output)                       \
      : [stop] "r"(stop), [skip] "m"(skip)                                                    \
      : "memory", "cc")

TG_INLINE const int32_t *tg_dsp_fully_connected_block(const int32_t *weights, const uint32_t *row,
                                                      const uint32_t *stop, uint32_t skip,
                                                      int8_t *output, int twice) {
  register int32_t c0 __asm__("r0"), c1 __asm__("r1"), c2 __asm__("r2"), c3 __asm__("r3");
  register int32_t w0 __asm__("r4"), w1 __asm__("r5"), w2 __asm__("r6"), w3 __asm__("r8");
  int32_t a, b;
  if (twice) {
    TG_DSP_FC_BLOCK(TG_DSP_FC_TWICE);
  } else {
    TG_DSP_FC_BLOCK(TG_DSP_FC_ONCE);
  }
  return weights;
}

TG_INLINE void tg_dsp_fully_connected_rows(const struct tg_dsp_fully_connected_params *p,
                                           const int8_t *input, int8_t *output, uint32_t *row,
                                           int twice) {
  const int32_t whole = p->depth / 4, rest = p->depth % 4, quads = whole + (rest != 0);
  const uint32_t *const stop = row + 2 * quads;
  const int32_t some = quads % TG_DSP_FC_QUADS;
  const uint32_t skip = (uint32_t)(some == 0 ? TG_DSP_FC_QUADS : some) * TG_DSP_FC_QUAD_BYTES;
  for (int32_t y = 0; y < p->rows; ++y) {
    tg_dsp_expand(input, row, whole);
    if (rest != 0) {
      const struct tg_dsp_quad quad = tg_dsp_expanded(tg_dsp_rest(input + 4 * whole, rest));
      row[2 * whole] = quad.a;
      row[2 * whole + 1] = quad.b;
    }
    const int32_t *weights = p->weights;
    int8_t *const end = output + p->units;
    for (; end - output >= 4; output += 4) {
      weights = tg_dsp_fully_connected_block(weights, row, stop, skip, output, twice);
    }
    if (output != end) {
      int8_t last[4];
      tg_dsp_fully_connected_block(weights, row, stop, skip, last, twice);
      memcpy(output, last, (size_t)(end - output));
      output = end;
    }
    input += p->depth;
  }
}

TG_DSP_SHARED void tg_dsp_fully_connected_once(const struct tg_dsp_fully_connected_params *p,
                                               const int8_t *input, int8_t *output,
                                               uint32_t *row) {
  tg_dsp_fully_connected_rows(p, input, output, row, 0);
}

TG_DSP_SHARED void tg_dsp_fully_connected_twice(const struct tg_dsp_fully_connected_params *p,
                                                const int8_t *input, int8_t *output,
                                                uint32_t *row) {
  tg_dsp_fully_connected_rows(p, input, output, row, 1);
}

/* Scratch: two words for each quad of an input row. */
TG_INLINE void tg_dsp_fully_connected(const struct tg_dsp_fully_connected_params *p,
                                      const int8_t *input, int8_t *output, void *scratch) {
  if (p->twice) {
    tg_dsp_fully_connected_twice(p, input, output, (uint32_t *)scratch);
  } else {
    tg_dsp_fully_connected_once(p, input, output, (uint32_t *)scratch);
  }
}

#endif /* TG_DSP_FULLY_CONNECTED_H */
