/* UNIDIRECTIONAL_SEQUENCE_LSTM for cores with the DSP extension: a step's input and hidden state
 * are expanded once, and multiplied by the four gates of a unit at a time.
 */
#ifndef TG_DSP_UNIDIRECTIONAL_SEQUENCE_LSTM_H
#define TG_DSP_UNIDIRECTIONAL_SEQUENCE_LSTM_H

#include "tg_dsp.h"
#include "tg_lstm.h"

struct tg_dsp_unidirectional_sequence_lstm_params {
  int32_t steps;
  int32_t features;
  int32_t units;
  int32_t hidden_zero_point; /* the code of real zero, of the output too */
  int32_t tanh_factor;       /* cell * factor / 2^shift has three times 12 fractional bits */
  int32_t tanh_shift;
  int32_t cell_limit;           /* largest magnitude of the cell; 2^15: none */
  int32_t input_multiplier[4];  /* of gates: input, forget, cell, output */
  int32_t input_shift[4];       /* multiplier * 2^(shift - 31) */
  int32_t hidden_multiplier[4]; /* of what the hidden state adds */
  int32_t hidden_shift[4];
  int32_t product_multiplier[3]; /* of forget * cell, input * new, output * tanh(cell) */
  int32_t product_shift[3];
  const int32_t *weights; /* for a unit, of the input and then of the hidden state: what the four
                             sums begin with, and 4 words for every quad */
  const TG_FLASH int16_t *sigmoids; /* 256 entries, unsigned: sigmoid(i / 24) * 2^16 */
};

/* The sums of one unit after another. */
struct tg_dsp_unidirectional_sequence_lstm_run {
  const int32_t *weights;
  const uint32_t *input;  /* expanded, and behind it the hidden state */
  const uint32_t *hidden; /* where that begins */
  const uint32_t *stop;   /* behind it */
  uint32_t input_skip;    /* bytes of code from where the quads in a row are entered to their end */
  uint32_t hidden_skip;
  int32_t sums[8]; /* 256 times: of the four gates by the input, then by the hidden state */
};

/* Four weights of four gates. */
#define TG_DSP_LSTM_QUAD             \
  "ldm     r10!, {r4, r5, r6, r8}\n" \
  "ldrd    r12, lr, [r11], #8\n"     \
  "smlad   r0, r12, r4, r0\n"        \
  "smlad   r1, r12, r5, r1\n"        \
  "smlad   r2, r12, r6, r2\n"        \
  "smlad   r3, r12, r8, r3\n"        \
  "sxtb16  r4, r4\n"                 \
  "sxtb16  r5, r5\n"                 \
  "sxtb16  r6, r6\n"                 \
  "sxtb16  r8, r8\n"                 \
  "smlad   r0, lr, r4, r0\n"         \
  "smlad   r1, lr, r5, r1\n"         \
  "smlad   r2, lr, r6, r2\n"         \
  "smlad   r3, lr, r8, r3\n"
#define TG_DSP_LSTM_QUAD_BYTES 56
#define TG_DSP_LSTM_QUADS 8 /* in a row */

/* The sums of a unit. Gives the weights behind those that were read.
 *
 *   r0 to r3         sums
 *   r4, r5, r6, r8   weights
 *   r9               where the input ends, then where the hidden state does
 *   r10, r11         where weights and activations are read
 *   r12, lr          activations A and B; between two sums where they go, and the quads' entry
 *   stack            the end of the hidden state, its quads' entry, where the sums go; r7, which
 * may be somebody's frame pointer, stays as it is
 */
TG_DSP_SHARED const int32_t *tg_dsp_unidirectional_sequence_lstm_sums(
    struct tg_dsp_unidirectional_sequence_lstm_run *run) {
  register void *at __asm__("r0") = run;
  __asm__ volatile(
      "ldm     r0, {r1, r2, r3, r4, r5, r6}\n"
      "mov     r10, r1\n"
      "mov     r11, r2\n"
      "mov     r9, r3\n"
      "adr     r1, 3f + 1\n"
      "sub     lr, r1, r5\n"
      "sub     r6, r1, r6\n"
      "add     r8, r0, #24\n"
      "push    {r4, r6, r8}\n"
      "1:\n"
      "ldm     r10!, {r0, r1, r2, r3}\n"
      "bx      lr\n"
      ".balign 4\n"
      "2:\n" TG_DSP_LSTM_QUAD TG_DSP_LSTM_QUAD TG_DSP_LSTM_QUAD TG_DSP_LSTM_QUAD TG_DSP_LSTM_QUAD
          TG_DSP_LSTM_QUAD TG_DSP_LSTM_QUAD TG_DSP_LSTM_QUAD
      "3:\n"
      "cmp     r11, r9\n"
      "bne     2b\n"
      "ldr     r12, [sp, #8]\n"
      "stm     r12!, {r0, r1, r2, r3}\n"
      "str     r12, [sp, #8]\n"
      "ldrd    r9, lr, [sp]\n"
      "cmp     r11, r9\n"
      "bne     1b\n"
      "mov     r0, r10\n"
      "add     sp, sp, #12\n"
      : "+r"(at)
      :
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
  return (const int32_t *)at;
}

/* round(a * b / 2^32) + k, ties upward. */
TG_INLINE int32_t tg_dsp_unidirectional_sequence_lstm_high(int32_t a, int32_t b, int32_t k) {
  int32_t high;
  __asm__("smmlar  %0, %1, %2, %3" : "=r"(high) : "r"(a), "r"(b), "r"(k));
  return high;
}

TG_INLINE int32_t tg_dsp_unidirectional_sequence_lstm_int16(int32_t value) {
  int32_t held;
  __asm__("ssat    %0, #16, %1" : "=r"(held) : "r"(value));
  return held;
}

/* value * multiplier * 2^(shift - 31) of 256 times a value, rounded as tg_requantize does and held
 * within int16: a high product is zero or has the value's sign. */
TG_INLINE int32_t tg_dsp_unidirectional_sequence_lstm_part(int32_t sum, int32_t multiplier,
                                                           int32_t shift) {
  if (shift > 7) {
    return tg_dsp_unidirectional_sequence_lstm_int16(tg_requantize(sum >> 8, multiplier, shift));
  }
  if (shift >= 0) {
    return tg_dsp_unidirectional_sequence_lstm_int16(
        tg_dsp_unidirectional_sequence_lstm_high(sum >> (7 - shift), multiplier, 0));
  }
  const int32_t half = (1 << (-shift - 1)) + (sum >> 31);
  return tg_dsp_unidirectional_sequence_lstm_int16(
      tg_dsp_unidirectional_sequence_lstm_high(sum >> 7, multiplier, half) >> -shift);
}

/* What goes into a gate's activation. */
TG_INLINE int32_t tg_dsp_unidirectional_sequence_lstm_gate(
    const struct tg_dsp_unidirectional_sequence_lstm_params *p, const int32_t *sums, int32_t gate) {
  return tg_dsp_unidirectional_sequence_lstm_int16(
      tg_dsp_unidirectional_sequence_lstm_part(sums[gate], p->input_multiplier[gate],
                                               p->input_shift[gate]) +
      tg_dsp_unidirectional_sequence_lstm_part(sums[4 + gate], p->hidden_multiplier[gate],
                                               p->hidden_shift[gate]));
}

/* Bytes of code for so many quads, of which what fills no row comes first. */
TG_INLINE uint32_t tg_dsp_unidirectional_sequence_lstm_skip(int32_t quads) {
  const int32_t some = quads % TG_DSP_LSTM_QUADS;
  return (uint32_t)(some == 0 ? TG_DSP_LSTM_QUADS : some) * TG_DSP_LSTM_QUAD_BYTES;
}

/* The states may be left where they are read from. Scratch: two words for each quad of the input
 * and of the hidden state. */
TG_INLINE void tg_dsp_unidirectional_sequence_lstm(
    const struct tg_dsp_unidirectional_sequence_lstm_params *p, const int8_t *input,
    const int8_t *hidden, const int16_t *cell, int8_t *output, int8_t *hidden_left,
    int16_t *cell_left, void *scratch) {
  const struct tg_lstm lstm = TG_LSTM_OF(p);
  const int32_t input_quads = (p->features + 3) / 4, hidden_quads = (p->units + 3) / 4;
  uint32_t *const row = (uint32_t *)scratch;
  struct tg_dsp_unidirectional_sequence_lstm_run run = {
      .weights = p->weights,
      .input = row,
      .hidden = row + 2 * input_quads,
      .stop = row + 2 * (input_quads + hidden_quads),
      .input_skip = tg_dsp_unidirectional_sequence_lstm_skip(input_quads),
      .hidden_skip = tg_dsp_unidirectional_sequence_lstm_skip(hidden_quads),
      .sums = {0}};
  for (int32_t step = 0; step < p->steps; ++step) {
    tg_dsp_expand_all(input, row, p->features);
    tg_dsp_expand_all(hidden, row + 2 * input_quads, p->units);
    run.weights = p->weights;
    for (int32_t unit = 0; unit < p->units; ++unit) {
      run.weights = tg_dsp_unidirectional_sequence_lstm_sums(&run);
      const struct tg_lstm_gates gates = {tg_dsp_unidirectional_sequence_lstm_gate(p, run.sums, 0),
                                          tg_dsp_unidirectional_sequence_lstm_gate(p, run.sums, 1),
                                          tg_dsp_unidirectional_sequence_lstm_gate(p, run.sums, 2),
                                          tg_dsp_unidirectional_sequence_lstm_gate(p, run.sums, 3)};
      const int32_t value = tg_lstm_cell(&lstm, &gates, cell[unit]);
      const int32_t left = tg_lstm_hidden(&lstm, &gates, value);
      cell_left[unit] = (int16_t)value;
      output[unit] = (int8_t)tg_clamp(left + p->hidden_zero_point, -128, 127);
    }
    cell = cell_left;
    hidden = output;
    input += p->features;
    output += p->units;
  }
  for (int32_t unit = 0; unit < p->units; ++unit) {
    hidden_left[unit] = hidden[unit];
  }
}

#endif /* TG_DSP_UNIDIRECTIONAL_SEQUENCE_LSTM_H */
