/* A function of each float32. */
#ifndef TG_PORTABLE_REAL_MAP_H
#define TG_PORTABLE_REAL_MAP_H

#include "tg_real.h"

enum tg_portable_real_map_function {
  TG_PORTABLE_REAL_MAP_ABS,
  TG_PORTABLE_REAL_MAP_NEG,
  TG_PORTABLE_REAL_MAP_SQUARE,
  TG_PORTABLE_REAL_MAP_SQRT,
  TG_PORTABLE_REAL_MAP_RSQRT,
  TG_PORTABLE_REAL_MAP_FLOOR,
  TG_PORTABLE_REAL_MAP_CEIL,
  TG_PORTABLE_REAL_MAP_ROUND,
  TG_PORTABLE_REAL_MAP_SIGN,
  TG_PORTABLE_REAL_MAP_RELU,
  TG_PORTABLE_REAL_MAP_RELU6,
  TG_PORTABLE_REAL_MAP_RELU_N1_TO_1,
  TG_PORTABLE_REAL_MAP_LEAKY_RELU
};

struct tg_portable_real_map_params {
  int32_t count;    /* elements */
  int32_t function; /* enum tg_portable_real_map_function */
  float slope;      /* of LEAKY_RELU below zero */
};

/* What is no number stays that. */
TG_INLINE float tg_portable_real_map_clamp(float value, float low, float high) {
  const float raised = value < low ? low : value;
  return high < raised ? high : raised;
}

TG_INLINE float tg_portable_real_map_one(const struct tg_portable_real_map_params *p, float x) {
  switch (p->function) {
    case TG_PORTABLE_REAL_MAP_ABS:
      return tg_real_of_bits(tg_real_bits(x) & 0x7fffffffu);
    case TG_PORTABLE_REAL_MAP_NEG:
      return -x;
    case TG_PORTABLE_REAL_MAP_SQUARE:
      return x * x;
    case TG_PORTABLE_REAL_MAP_SQRT:
      return tg_real_root(x);
    case TG_PORTABLE_REAL_MAP_RSQRT:
      return 1.0f / tg_real_root(x);
    case TG_PORTABLE_REAL_MAP_FLOOR:
      return tg_real_floor(x);
    case TG_PORTABLE_REAL_MAP_CEIL:
      return -tg_real_floor(-x);
    case TG_PORTABLE_REAL_MAP_ROUND:
      return tg_real_round(x);
    case TG_PORTABLE_REAL_MAP_SIGN:
      return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : 0.0f);
    case TG_PORTABLE_REAL_MAP_RELU:
      return x < 0.0f ? 0.0f : x;
    case TG_PORTABLE_REAL_MAP_RELU6:
      return tg_portable_real_map_clamp(x, 0.0f, 6.0f);
    case TG_PORTABLE_REAL_MAP_RELU_N1_TO_1:
      return tg_portable_real_map_clamp(x, -1.0f, 1.0f);
    default:
      return x > 0.0f ? x : x * p->slope;
  }
}

/* May run in place. */
TG_INLINE void tg_portable_real_map(const struct tg_portable_real_map_params *p, const float *input,
                                    float *output) {
  for (int32_t i = 0; i < p->count; ++i) {
    output[i] = tg_portable_real_map_one(p, input[i]);
  }
}

#endif /* TG_PORTABLE_REAL_MAP_H */
