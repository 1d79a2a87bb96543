/* UNIDIRECTIONAL_SEQUENCE_LSTM of int16 activations in portable C: a unit's four gates at a time,
 * step by step. The hidden state of a step is that step's row of the output. */
#ifndef TG_PORTABLE_UNIDIRECTIONAL_SEQUENCE_LSTM_INT16_H
#define TG_PORTABLE_UNIDIRECTIONAL_SEQUENCE_LSTM_INT16_H

#include "tg_int16.h"
#include "tg_lstm.h"

struct tg_portable_unidirectional_sequence_lstm_int16_params {
  int32_t steps;
  int32_t features;
  int32_t units;
  int32_t input_wide;  /* 1 where a sum over the input may need more than 32 bits */
  int32_t hidden_wide; /* the same of the hidden state */
  int32_t tanh_factor; /* cell * factor / 2^shift has three times 12 fractional bits */
  int32_t tanh_shift;
  int32_t cell_limit;           /* largest magnitude of the cell; 2^15: none */
  int32_t input_multiplier[4];  /* of gates: input, forget, cell, output */
  int32_t input_shift[4];       /* to the right: see tg_output_int16 */
  int32_t hidden_multiplier[4]; /* of what the hidden state adds */
  int32_t hidden_shift[4];
  int32_t product_multiplier[3];         /* of forget * cell, input * new, output * tanh(cell) */
  int32_t product_shift[3];              /* multiplier * 2^(shift - 31) */
  const TG_FLASH int8_t *weights;        /* [units][4][features] */
  const TG_FLASH int8_t *hidden_weights; /* [units][4][units] */
  const TG_FLASH int64_t *bias;          /* [units][4] */
  const TG_FLASH int16_t *sigmoids;      /* 256 entries, unsigned: sigmoid(i / 24) * 2^16 */
};

TG_INLINE int32_t tg_portable_unidirectional_sequence_lstm_int16_gate(
    const struct tg_portable_unidirectional_sequence_lstm_int16_params *p, int32_t gate,
    int64_t sum, int64_t hidden_sum) {
  const int32_t a = tg_output_int16(sum, p->input_multiplier[gate], p->input_shift[gate], 1,
                                    INT16_MIN, INT16_MAX);
  const int32_t b = tg_output_int16(hidden_sum, p->hidden_multiplier[gate], p->hidden_shift[gate],
                                    1, INT16_MIN, INT16_MAX);
  return tg_gate_int16(a + b);
}

/* The states may be left where they are read from. */
TG_INLINE void tg_portable_unidirectional_sequence_lstm_int16(
    const struct tg_portable_unidirectional_sequence_lstm_int16_params *p, const int16_t *input,
    const int16_t *hidden, const int16_t *cell, int16_t *output, int16_t *hidden_left,
    int16_t *cell_left) {
  const struct tg_lstm lstm = TG_LSTM_OF(p);
  for (int32_t step = 0; step < p->steps; ++step) {
    const TG_FLASH int8_t *weights = p->weights;
    const TG_FLASH int8_t *hidden_weights = p->hidden_weights;
    const TG_FLASH int64_t *bias = p->bias;
    for (int32_t unit = 0; unit < p->units; ++unit) {
      struct tg_sums_int16 sums = {bias[0], bias[1], bias[2], bias[3]};
      struct tg_sums_int16 more = {0, 0, 0, 0};
      tg_dot4_int16(&sums, input, weights, p->features, p->features, p->features, p->input_wide);
      tg_dot4_int16(&more, hidden, hidden_weights, p->units, p->units, p->units, p->hidden_wide);
      const struct tg_lstm_gates gates = {
          tg_portable_unidirectional_sequence_lstm_int16_gate(p, 0, sums.s0, more.s0),
          tg_portable_unidirectional_sequence_lstm_int16_gate(p, 1, sums.s1, more.s1),
          tg_portable_unidirectional_sequence_lstm_int16_gate(p, 2, sums.s2, more.s2),
          tg_portable_unidirectional_sequence_lstm_int16_gate(p, 3, sums.s3, more.s3)};
      const int32_t value = tg_lstm_cell(&lstm, &gates, cell[unit]);
      const int32_t left = tg_lstm_hidden(&lstm, &gates, value);
      cell_left[unit] = (int16_t)value;
      output[unit] = (int16_t)tg_gate_int16(left);
      weights += 4 * p->features;
      hidden_weights += 4 * p->units;
      bias += 4;
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

#endif /* TG_PORTABLE_UNIDIRECTIONAL_SEQUENCE_LSTM_INT16_H */
