/* int8 logarithm of a softmax over rows: exponentials from a table, the logarithm of their sum in
 * fixed point. Qm is an int32 with m integer bits and 31 - m fractional bits. */
#ifndef TG_PORTABLE_LOG_SOFTMAX_H
#define TG_PORTABLE_LOG_SOFTMAX_H

#include "tg_fixed_point.h"
#include "tg_reciprocal.h"

struct tg_portable_log_softmax_params {
  int32_t rows;         /* each with its own softmax */
  int32_t depth;        /* elements of a row, 1 to 4095 */
  int32_t table_length; /* 1 to 256 */
  int32_t multiplier;   /* Q5 * multiplier * 2^(shift - 31) is in codes of the input */
  int32_t shift;
  const TG_FLASH int32_t *differences; /* entry i: i codes below the maximum in Q5 */
  const TG_FLASH int32_t *exps;        /* entry i: its exponential in Q12 */
};

/* log(x) in Q5 for x >= 1 in Q12. x is taken as a power of two times r, near 2^-1/4 and at most 1,
 * of which log(r) is a quotient of polynomials; whichever of x and x / sqrt(2) gives the lesser r,
 * and the greater power, is used. */
TG_INLINE int32_t tg_portable_log_softmax_log(int32_t x) {
  const int32_t sqrt_half = 1518500250;
  const int32_t near = 1805811301; /* 2^-1/4 */
  const int32_t zeros_a = tg_leading_zeros((uint32_t)x);
  const int32_t r_a = tg_saturating_shift(tg_high_mul(tg_left_shift(x, zeros_a - 1), sqrt_half), 1);
  const int32_t power_a = (12 - zeros_a) * ((int32_t)1 << 25) + ((int32_t)1 << 23);
  const int32_t zeros_b = tg_leading_zeros((uint32_t)tg_high_mul(x, sqrt_half)) - 1;
  const int32_t r_b = tg_saturating_shift(x, zeros_b);
  const int32_t power_b = (12 - zeros_b) * ((int32_t)1 << 25) - ((int32_t)1 << 23);
  const int32_t r = r_a < r_b ? r_a : r_b;
  const int32_t power = power_a > power_b ? power_a : power_b; /* Q6 */

  const int32_t p = (int32_t)(((int64_t)r + near + 1) >> 1);
  const int32_t q = (r - near) * 2;
  const int32_t square = tg_high_mul(q, q);
  const int32_t cube = tg_high_mul(q, square);
  const int32_t numerator = tg_high_mul(q, r) + tg_high_mul(cube, 117049297);
  const int32_t denominator =
      tg_high_mul(p, 1057819769 + q + tg_high_mul(square, 127690142)) + tg_high_mul(q, 638450708);
  const int32_t fraction = tg_high_mul(tg_rounding_shift(numerator, 6), tg_reciprocal(denominator));
  return tg_saturating_shift(tg_high_mul(power, 1488522236) + fraction, 1);
}

/* May run in place. */
TG_INLINE void tg_portable_log_softmax(const struct tg_portable_log_softmax_params *p,
                                       const int8_t *input, int8_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    int32_t maximum = input[0];
    for (int32_t i = 1; i < p->depth; ++i) {
      maximum = input[i] > maximum ? input[i] : maximum;
    }
    int32_t sum = 0; /* Q12 */
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t below = maximum - input[i];
      sum += below < p->table_length ? p->exps[below] : 0;
    }
    const int32_t logarithm = tg_portable_log_softmax_log(sum);
    const int32_t lowest = tg_requantize(INT32_MIN + logarithm, p->multiplier, p->shift);
    for (int32_t i = 0; i < p->depth; ++i) {
      const int32_t below = maximum - input[i];
      int32_t code = INT8_MIN;
      if (below < p->table_length && -below > lowest) {
        code = tg_rounding_shift(p->differences[below] - logarithm, 22) + INT8_MAX;
      }
      output[i] = (int8_t)tg_clamp(code, INT8_MIN, INT8_MAX);
    }
    input += p->depth;
    output += p->depth;
  }
}

#endif /* TG_PORTABLE_LOG_SOFTMAX_H */
