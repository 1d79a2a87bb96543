/* SVDF, whatever the type of its state: the walk over filters, four at a time.
 *
 * After Nakkiran et al., "Compressing Deep Neural Networks Using a Rank-Constrained Topology"
 * (2015). A filter makes a number of the newest input, and remembers the last ones; a unit adds up
 * what its filters make of these.
 */
#ifndef TG_FILTERS_H
#define TG_FILTERS_H

#include "tg_weighted.h"

struct tg_filters {
  int32_t batches;
  int32_t features; /* numbers of an input */
  int32_t filters;
  int32_t rank; /* filters of a unit */
  int32_t input_zero_point;
  int32_t state_multiplier;
  int32_t state_shift;
  int32_t output_multiplier;
  int32_t output_shift;
  int32_t output_zero_point;
  const TG_FLASH int8_t *feature_weights;
  const TG_FLASH int32_t *bias;
};

/* As the parameters `p` of a kernel have it, which name all of it. */
#define TG_FILTERS_OF(p)                           \
  {                                                \
      .batches = (p)->batches,                     \
      .features = (p)->features,                   \
      .filters = (p)->filters,                     \
      .rank = (p)->rank,                           \
      .input_zero_point = (p)->input_zero_point,   \
      .state_multiplier = (p)->state_multiplier,   \
      .state_shift = (p)->state_shift,             \
      .output_multiplier = (p)->output_multiplier, \
      .output_shift = (p)->output_shift,           \
      .output_zero_point = (p)->output_zero_point, \
      .feature_weights = (p)->feature_weights,     \
      .bias = (p)->bias,                           \
  }

/* What filter `filter` of a kernel's parameters `p` makes of its memory, row `row` of the state,
 * once it has put `newest` behind the rest, which it moves on by one. */
typedef uint32_t tg_filters_remember(const void *p, int32_t filter, int32_t row, int32_t newest,
                                     const void *state, void *left);

/* What four filters, or the last `count` ones, make of an input. */
TG_INLINE void tg_filters_sums(const struct tg_filters *f, const int8_t *input,
                               const TG_FLASH int8_t *weights, int32_t count, uint32_t sums[4]) {
  if (count == 4) {
    struct tg_sums four = {0, 0, 0, 0};
    tg_dot4(&four, input, f->input_zero_point, weights, f->features, f->features, f->features);
    sums[0] = four.s0;
    sums[1] = four.s1;
    sums[2] = four.s2;
    sums[3] = four.s3;
    return;
  }
  for (int32_t i = 0; i < count; ++i) {
    sums[i] =
        tg_dot1(0, input, f->input_zero_point, weights + i * f->features, f->features, f->features);
  }
}

/* Every unit of every batch; `remember` is inlined, as this is. */
TG_INLINE void tg_filters_each(const struct tg_filters *f, tg_filters_remember *remember,
                               const void *p, const int8_t *input, const void *state,
                               int8_t *output, void *left) {
  int32_t row = 0;
  for (int32_t batch = 0; batch < f->batches; ++batch) {
    const TG_FLASH int32_t *bias = f->bias;
    uint32_t unit = 0;
    int32_t added = 0;
    for (int32_t filter = 0; filter < f->filters; filter += 4) {
      const int32_t count = f->filters - filter < 4 ? f->filters - filter : 4;
      uint32_t sums[4];
      tg_filters_sums(f, input, f->feature_weights + filter * f->features, count, sums);
      for (int32_t i = 0; i < count; ++i) {
        const int32_t newest = tg_requantize((int32_t)sums[i], f->state_multiplier, f->state_shift);
        unit += remember(p, filter + i, row, newest, state, left);
        ++row;
        if (++added == f->rank) {
          *output = tg_output(unit + (uint32_t)*bias, f->output_multiplier, f->output_shift, 0,
                              f->output_zero_point, INT8_MIN, INT8_MAX);
          ++output;
          ++bias;
          unit = 0;
          added = 0;
        }
      }
    }
    input += f->features;
  }
}

#endif /* TG_FILTERS_H */
