/* SVDF with a state of int16 in portable C. */
#ifndef TG_PORTABLE_SVDF_INT16_H
#define TG_PORTABLE_SVDF_INT16_H

#include "tg_filters.h"

struct tg_portable_svdf_int16_params {
  int32_t batches;
  int32_t features; /* numbers of an input */
  int32_t filters;
  int32_t memory; /* numbers that a filter remembers, the newest included */
  int32_t rank;   /* filters of a unit */
  int32_t input_zero_point;
  int32_t state_multiplier; /* from a filter's sum to what it remembers */
  int32_t state_shift;      /* multiplier * 2^(shift - 31) */
  int32_t output_multiplier;
  int32_t output_shift;
  int32_t output_zero_point;
  const TG_FLASH int8_t *feature_weights; /* [filters][features] */
  const TG_FLASH int32_t *bias;           /* [filters / rank] */
  const TG_FLASH int16_t *time_weights;   /* [filters][memory], the oldest first */
};

TG_INLINE uint32_t tg_portable_svdf_int16_remember(const void *params, int32_t filter, int32_t row,
                                                   int32_t newest, const void *state, void *left) {
  const struct tg_portable_svdf_int16_params *const p =
      (const struct tg_portable_svdf_int16_params *)params;
  const TG_FLASH int16_t *const weights = p->time_weights + filter * p->memory;
  const int16_t *const from = (const int16_t *)state + row * p->memory;
  int16_t *const to = (int16_t *)left + row * p->memory;
  const int32_t last = p->memory - 1;
  uint32_t sum = 0;
  for (int32_t i = 0; i < last; ++i) {
    const int32_t value = from[i + 1];
    to[i] = (int16_t)value;
    sum += (uint32_t)(weights[i] * value);
  }
  const int32_t value = tg_clamp(newest, INT16_MIN, INT16_MAX);
  to[last] = (int16_t)value;
  return sum + (uint32_t)(weights[last] * value);
}

/* The state may be left where it is read from. */
TG_INLINE void tg_portable_svdf_int16(const struct tg_portable_svdf_int16_params *p,
                                      const int8_t *input, const int16_t *state, int8_t *output,
                                      int16_t *left) {
  const struct tg_filters filters = TG_FILTERS_OF(p);
  tg_filters_each(&filters, tg_portable_svdf_int16_remember, p, input, state, output, left);
}

#endif /* TG_PORTABLE_SVDF_INT16_H */
