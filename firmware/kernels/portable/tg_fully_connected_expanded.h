/* FULLY_CONNECTED in portable C, a block of units at a time, with affine requantization.
 *
 * Weights lie in the order in which they are read. For cores that load unsigned bytes at less than
 * signed ones: weights are w + 128, and a row of the input is expanded to words once, into scratch;
 * sums then start from -128 times those of the row.
 */
#ifndef TG_PORTABLE_FULLY_CONNECTED_EXPANDED_H
#define TG_PORTABLE_FULLY_CONNECTED_EXPANDED_H

#include <stdint.h>

#include "tg_affine.h"
#include "tg_dot.h"

struct tg_portable_fully_connected_expanded_params {
  int32_t rows;    /* of the input and of the output */
  int32_t depth;   /* elements of an input row */
  int32_t units;   /* elements of an output row */
  int32_t block;   /* units that are computed together: 1, 2 or 4 */
  int32_t unroll;  /* products of a unit in a round of the inner loop */
  int32_t padding; /* products with zero behind an expanded row's: to a multiple of `unroll` */
  int32_t split;   /* see tg_scale */
  int32_t shift;
  int32_t wide;
  int32_t falls;
  int32_t each;
  const TG_FLASH uint8_t *weights; /* [units / block][depth and padding][block], w + 128 */
  const TG_FLASH int32_t *bias;    /* see tg_channel: of each output channel */
  const TG_FLASH int32_t *numbers; /* [output channels or 1][3 or 5]: the rest of it */
};

TG_INLINE void tg_portable_fully_connected_expanded(
    const struct tg_portable_fully_connected_expanded_params *p, const int8_t *input,
    int8_t *output, void *scratch) {
  const int32_t products = p->depth + p->padding;
  const struct tg_scale scale = {p->split, p->shift, p->wide, p->falls, p->each};
  uint32_t *const words = (uint32_t *)scratch;
  for (int32_t row = 0; row < p->rows; ++row) {
    const uint32_t start = tg_dot_expand(input, p->depth, p->padding, words);
    const TG_FLASH uint8_t *weights = p->weights;
    for (int32_t unit = 0; unit < p->units; unit += p->block) {
      uint32_t sums[TG_DOT_BLOCK];
      TG_UNROLL_8
      for (int32_t j = 0; j < p->block; ++j) {
        sums[j] = start;
      }
      tg_dot_words(sums, words, weights, products, p->block, p->unroll);
      weights += products * p->block;
      TG_UNROLL_8
      for (int32_t j = 0; j < p->block; ++j) {
        if (p->units % p->block == 0 || unit + j < p->units) {
          const struct tg_channel numbers = tg_channel_at(p->bias, p->numbers, unit + j, &scale);
          const int32_t sum = (int32_t)(sums[j] + (uint32_t)numbers.bias);
          output[unit + j] = tg_affine(sum, &numbers, &scale);
        }
      }
    }
    input += p->depth;
    output += p->units;
  }
}

#endif /* TG_PORTABLE_FULLY_CONNECTED_EXPANDED_H */
