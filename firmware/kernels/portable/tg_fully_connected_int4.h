/* FULLY_CONNECTED in portable C, of weights of four bits, a block of units at a time.
 *
 * Eight weights of a unit are a word; a core that picks bits out of one with their sign takes an
 * instruction for a weight, as a load would be. Where a layer has sixteen values or fewer that are
 * no int4, the bits are places in a table of them.
 */
#ifndef TG_PORTABLE_FULLY_CONNECTED_INT4_H
#define TG_PORTABLE_FULLY_CONNECTED_INT4_H

#include <stdint.h>

#include "tg_dot.h"
#include "tg_weighted.h"

struct tg_portable_fully_connected_int4_params {
  int32_t rows;                       /* of the input and of the output */
  int32_t depth;                      /* elements of an input row */
  int32_t units;                      /* elements of an output row */
  int32_t multiplier_step;            /* 1: multiplier and shift per unit; 0: one for all */
  int32_t output_zero_point;          /* the code of real zero */
  int32_t all_right;                  /* 1 where each of `shift` is negative */
  int32_t output_min;                 /* lowest code the activation lets through */
  int32_t output_max;                 /* highest code the activation lets through */
  int32_t block;                      /* units that are computed together: 1, 2 or 4 */
  int32_t table;                      /* 1: the bits are places in `values`; 0: weights */
  const TG_FLASH int32_t *weights;    /* [units / block][depth / 8][block], the first one lowest */
  const TG_FLASH int32_t *bias;       /* [units], less the input's zero point times the weights */
  const TG_FLASH int32_t *multiplier; /* [units] or [1]; the scale's ratio is */
  const TG_FLASH int8_t *shift;       /* [units] or [1]; multiplier * 2^(shift - 31) */
  const TG_FLASH int8_t *values;      /* read with a table alone */
};

/* Adds `count` products of each unit, eight at the most; `words` has their weights. */
TG_INLINE void tg_portable_fully_connected_int4_add(
    const struct tg_portable_fully_connected_int4_params *p, uint32_t sums[TG_DOT_BLOCK],
    const int8_t *input, const TG_FLASH int32_t *words, int32_t count) {
  TG_UNROLL_8
  for (int32_t i = 0; i < count; ++i) {
    TG_UNROLL_8
    for (int32_t j = 0; j < p->block; ++j) {
      const uint32_t word = (uint32_t)words[j];
      const int32_t weight =
          p->table ? p->values[(word >> 4 * i) & 15u] : (int32_t)(word << (28 - 4 * i)) >> 28;
      sums[j] += (uint32_t)(weight * input[i]);
    }
  }
}

TG_INLINE void tg_portable_fully_connected_int4(
    const struct tg_portable_fully_connected_int4_params *p, const int8_t *input, int8_t *output) {
  const int32_t octets = p->depth / 8, rest = p->depth % 8;
  for (int32_t row = 0; row < p->rows; ++row) {
    const TG_FLASH int32_t *words = p->weights;
    for (int32_t unit = 0; unit < p->units; unit += p->block) {
      uint32_t sums[TG_DOT_BLOCK] = {0};
      const int8_t *at = input;
      for (const int8_t *end = input + 8 * octets; at != end; at += 8) {
        tg_portable_fully_connected_int4_add(p, sums, at, words, 8);
        words += p->block;
      }
      if (rest != 0) {
        tg_portable_fully_connected_int4_add(p, sums, at, words, rest);
        words += p->block;
      }
      TG_UNROLL_8
      for (int32_t j = 0; j < p->block; ++j) {
        if (p->units % p->block == 0 || unit + j < p->units) {
          const int32_t scale = (unit + j) * p->multiplier_step;
          output[unit + j] = tg_output(sums[j] + (uint32_t)p->bias[unit + j], p->multiplier[scale],
                                       p->shift[scale], p->all_right, p->output_zero_point,
                                       p->output_min, p->output_max);
        }
      }
    }
    input += p->depth;
    output += p->units;
  }
}

#endif /* TG_PORTABLE_FULLY_CONNECTED_INT4_H */
