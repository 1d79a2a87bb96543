/* What kernels of an LSTM share, whatever its activations are: from a unit's four gates to its cell
 * and to what it lets out.
 *
 * After Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997), with the forget gate of Gers,
 * Schmidhuber and Cummins (2000). Gates have 12 fractional bits before their activation and 15
 * behind it.
 */
#ifndef TG_LSTM_H
#define TG_LSTM_H

#include <stdint.h>

#include "tg_gates.h"

/* How cells are computed. */
struct tg_lstm {
  int32_t tanh_factor; /* cell * factor / 2^shift has three times 12 fractional bits */
  int32_t tanh_shift;
  int32_t cell_limit;                /* largest magnitude of the cell; 2^15: none */
  const int32_t *product_multiplier; /* of forget * cell, input * new, output * tanh(cell) */
  const int32_t *product_shift;      /* multiplier * 2^(shift - 31) */
  const TG_FLASH int16_t *sigmoids;  /* 256 entries, unsigned: sigmoid(i / 24) * 2^16 */
};

/* As the parameters `p` of a kernel have it, which name all of it so. */
#define TG_LSTM_OF(p)                                \
  {                                                  \
      .tanh_factor = (p)->tanh_factor,               \
      .tanh_shift = (p)->tanh_shift,                 \
      .cell_limit = (p)->cell_limit,                 \
      .product_multiplier = (p)->product_multiplier, \
      .product_shift = (p)->product_shift,           \
      .sigmoids = (p)->sigmoids,                     \
  }

/* What input, forget, cell and output gate take before their activations. */
struct tg_lstm_gates {
  int32_t input;
  int32_t forget;
  int32_t cell;
  int32_t output;
};

TG_INLINE int32_t tg_lstm_product(const struct tg_lstm *l, int32_t which, int32_t a, int32_t b) {
  return tg_requantize(a * b, l->product_multiplier[which], l->product_shift[which]);
}

/* The unit's cell after a step, from what it was. */
TG_INLINE int32_t tg_lstm_cell(const struct tg_lstm *l, const struct tg_lstm_gates *gates,
                               int32_t cell) {
  const int32_t in = tg_gate_sigmoid(gates->input, l->sigmoids);
  const int32_t keep = tg_gate_sigmoid(gates->forget, l->sigmoids);
  const int32_t new_part = tg_gate_tanh(3 * gates->cell, l->sigmoids);
  const int32_t kept = tg_lstm_product(l, 0, keep, cell);
  const int32_t entered = tg_lstm_product(l, 1, in, new_part);
  const int32_t value = tg_gate_int16(tg_gate_int16(kept) + tg_gate_int16(entered));
  return tg_clamp(value, -l->cell_limit, l->cell_limit);
}

/* What the unit lets out of its cell: the hidden state, less its zero point. */
TG_INLINE int32_t tg_lstm_hidden(const struct tg_lstm *l, const struct tg_lstm_gates *gates,
                                 int32_t cell) {
  const int32_t out = tg_gate_sigmoid(gates->output, l->sigmoids);
  const int32_t round = l->tanh_shift > 0 ? 1 << (l->tanh_shift - 1) : 0;
  const int32_t shown = tg_gate_tanh((cell * l->tanh_factor + round) >> l->tanh_shift, l->sigmoids);
  return tg_lstm_product(l, 2, shown, out);
}

#endif /* TG_LSTM_H */
