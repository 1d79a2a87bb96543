/* ADD and SUB of int16 activations, for cores with the DSP extension. Rows of one input may meet
 * the same one of the other.
 *
 * The specification brings both inputs to a common scale, of 2^-15 times half the greater one's, by
 * a product of 31 bits rounded towards plus infinity, and a shift rounded away from zero. For the
 * greater scale both are a shift to the left by 14. For the other, and for the sum, SMMULR is the
 * product: of the code in the upper half of a word, and of twice the sum, which still fits.
 */
#ifndef TG_DSP_ADD_INT16_H
#define TG_DSP_ADD_INT16_H

#include "tg_dsp.h"

struct tg_dsp_add_int16_params {
  int32_t rows;
  int32_t count; /* elements of a row */
  int32_t step0; /* from row to row of an input: 0 where it has but one */
  int32_t step1;
  int32_t scaled;         /* which input has the lesser scale: 0 or 1; 2 where both are equal */
  int32_t sign1;          /* 1 adds input 1, -1 subtracts it */
  int32_t multiplier;     /* of the lesser scale: code * multiplier * 2^(-16 - right) */
  int32_t right;          /* at least 1 */
  int32_t sum_multiplier; /* of the sum: sum * multiplier * 2^(-31 - right) */
  int32_t sum_right;      /* at least 1 */
  int32_t relu;           /* 1: no code is below 0 */
};

/* round(a * b / 2^32), ties towards plus infinity. */
TG_INLINE int32_t tg_dsp_add_int16_upper(uint32_t a, int32_t b) {
  int32_t upper;
  __asm__("smmulr  %[upper], %[a], %[b]" : [upper] "=r"(upper) : [a] "r"(a), [b] "r"(b));
  return upper;
}

/* value / 2^right, rounded half away from zero; 1 <= right, and nothing overflows. */
TG_INLINE int32_t tg_dsp_add_int16_shift_right(int32_t value, int32_t right) {
  return (value + (value >> 31) + ((int32_t)1 << (right - 1))) >> right;
}

/* On the common scale: a code in the upper half of `upper`, zeros below. */
TG_INLINE int32_t tg_dsp_add_int16_term(const struct tg_dsp_add_int16_params *p, uint32_t upper,
                                        int32_t input) {
  if (p->scaled == input) {
    return tg_dsp_add_int16_shift_right(tg_dsp_add_int16_upper(upper, p->multiplier), p->right);
  }
  return (int32_t)upper >> 2;
}

/* The code in the lower half, anything above. */
TG_INLINE uint32_t tg_dsp_add_int16_one(const struct tg_dsp_add_int16_params *p, uint32_t upper0,
                                        uint32_t upper1) {
  const int32_t a = tg_dsp_add_int16_term(p, upper0, 0);
  const int32_t b = tg_dsp_add_int16_term(p, upper1, 1);
  const uint32_t sum = (uint32_t)(p->sign1 > 0 ? a + b : a - b);
  int32_t code = tg_dsp_add_int16_shift_right(tg_dsp_add_int16_upper(2 * sum, p->sum_multiplier),
                                              p->sum_right);
  if (p->relu) {
    __asm__("usat    %0, #15, %0" : "+r"(code));
  } else {
    __asm__("ssat    %0, #16, %0" : "+r"(code));
  }
  return (uint32_t)code;
}

TG_INLINE uint32_t tg_dsp_add_int16_two(const struct tg_dsp_add_int16_params *p, uint32_t a,
                                        uint32_t b) {
  const uint32_t low = tg_dsp_add_int16_one(p, a << 16, b << 16);
  const uint32_t high = tg_dsp_add_int16_one(p, a & 0xffff0000u, b & 0xffff0000u);
  return (low & 0xffffu) | high << 16;
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_dsp_add_int16(const struct tg_dsp_add_int16_params *p, const int16_t *input0,
                                const int16_t *input1, int16_t *output) {
  for (int32_t row = 0; row < p->rows; ++row) {
    const int8_t *a = (const int8_t *)input0, *b = (const int8_t *)input1;
    int8_t *to = (int8_t *)output;
    for (int8_t *const end = to + 4 * (p->count / 2); to != end; to += 4) {
      tg_dsp_put(to, tg_dsp_add_int16_two(p, tg_dsp_word(a), tg_dsp_word(b)));
      a += 4;
      b += 4;
    }
    if (p->count % 2 != 0) {
      const uint32_t last0 = (uint32_t)(uint16_t)input0[p->count - 1];
      const uint32_t last1 = (uint32_t)(uint16_t)input1[p->count - 1];
      const uint32_t code = tg_dsp_add_int16_one(p, last0 << 16, last1 << 16);
      memcpy(to, &code, sizeof(int16_t));
    }
    input0 += p->step0;
    input1 += p->step1;
    output += p->count;
  }
}

#endif /* TG_DSP_ADD_INT16_H */
