/* FULLY_CONNECTED with Neon: a row by four units at a time; several rows are a convolution of one
 * pixel. */
#ifndef TG_NEON_FULLY_CONNECTED_H
#define TG_NEON_FULLY_CONNECTED_H

#include "neon/tg_block.h"

struct tg_neon_fully_connected_params {
  int32_t depth;
  int32_t units;
  int32_t lefts; /* how sums are requantized: see tg_neon_layer */
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int8_t *weights; /* as tg_neon_block reads them */
};

/* Scratch: where the depth is no multiple of eight, room for a row up to one of sixteen. */
TG_INLINE void tg_neon_fully_connected(const struct tg_neon_fully_connected_params *p,
                                       const int8_t *input, int8_t *output, void *scratch) {
  const struct tg_neon_layer layer = {
      .lefts = p->lefts,
      .zero_point = p->output_zero_point,
      .minimum = p->output_min,
      .maximum = p->output_max,
  };
  struct tg_neon_block_windows row = {.from = {input}, .to = {output}};
  if (p->depth % 8 != 0) {
    row.from[0] = (const int8_t *)memcpy(scratch, input, (size_t)p->depth);
  }
  tg_neon_block(&layer, &row, 1, p->depth, p->weights, p->units);
}

#endif /* TG_NEON_FULLY_CONNECTED_H */
