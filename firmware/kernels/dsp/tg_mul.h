/* MUL for cores with the DSP extension, four elements at a time: one affine map of the product of
 * what is over the zero points, found and held against the specification for all 65,536 pairs of
 * codes when the code was generated.
 *
 *   x = (a - z0) m (b - z1) >> 16, code = (x + k) >> S, less 128 and held within int8
 *
 * where k is less by `fall` for an x below zero, because halves are rounded away from zero.
 *
 * SMLAWB and SMLAWT multiply 32 bits by a halfword, in which the codes of the second input are.
 * Rows of one input may meet the same one of the other.
 */
#ifndef TG_DSP_MUL_H
#define TG_DSP_MUL_H

#include "tg_dsp.h"

struct tg_dsp_mul_params {
  int32_t rows;
  int32_t count; /* elements of a row */
  int32_t step0; /* from row to row of an input: 0 where it has but one */
  int32_t step1;
  int32_t zero_point0;
  int32_t zero_point1;
  int32_t m;
  int32_t k;
  int32_t fall;  /* 0 where it is not needed */
  int32_t shift; /* S, 1 to 22 */
  int32_t falls; /* 1: it is */
};

/* Two elements, whose `a` are in x and y, `b` in the halves of a register: codes and 128. */
#define TG_DSP_MUL_TWO(b)                  \
  "mla     %[x], %[x], %[m], %[zero]\n"    \
  "mla     %[y], %[y], %[m], %[zero]\n"    \
  ".if %c[falls]\n"                        \
  "smulwb  %[x], %[x], " b                 \
  "\n"                                     \
  "smulwt  %[y], %[y], " b                 \
  "\n"                                     \
  "and     " b                             \
  ", %[fall], %[x], asr #31\n"             \
  "sub     " b ", %[k], " b                \
  "\n"                                     \
  "add     %[x], %[x], " b                 \
  "\n"                                     \
  "and     " b                             \
  ", %[fall], %[y], asr #31\n"             \
  "sub     " b ", %[k], " b                \
  "\n"                                     \
  "add     %[y], %[y], " b                 \
  "\n"                                     \
  ".else\n"                                \
  "smlawb  %[x], %[x], " b                 \
  ", %[k]\n"                               \
  "smlawt  %[y], %[y], " b                 \
  ", %[k]\n"                               \
  ".endif\n"                               \
  "usat    %[x], #8, %[x], asr %[shift]\n" \
  "usat    %[y], #8, %[y], asr %[shift]\n"

/* Fours that end at `end`; at least one.
 *
 *   a, b  codes of both inputs; b then has odd ones over the zero point, even has the others, and
 *         then codes of the output
 *   x, y  two elements
 *   zero  -z0 m
 */
TG_INLINE void tg_dsp_mul_fours(const struct tg_dsp_mul_params *p, const int8_t *from0,
                                const int8_t *from1, int8_t *to, const int8_t *end) {
  const uint32_t less1 = (uint32_t)(-p->zero_point1 & 0xffff) * 0x10001u;
  uint32_t a, b, even, x, y;
  __asm__ volatile(
      "1:\n"
      "ldr     %[a], [%[from0]], #4\n"
      "ldr     %[b], [%[from1]], #4\n"
      "sxtb    %[x], %[a]\n"
      "sxtb    %[y], %[a], ror #16\n"
      "sxtab16 %[even], %[less1], %[b]\n"
      "sxtab16 %[b], %[less1], %[b], ror #8\n" TG_DSP_MUL_TWO("%[even]")
      "pkhbt   %[even], %[x], %[y], lsl #16\n"
      "sxtb    %[x], %[a], ror #8\n"
      "asr     %[y], %[a], #24\n" TG_DSP_MUL_TWO("%[b]")
      "pkhbt   %[x], %[x], %[y], lsl #16\n"
      "orr     %[even], %[even], %[x], lsl #8\n"
      "eor     %[even], %[even], #0x80808080\n"
      "str     %[even], [%[to]], #4\n"
      "cmp     %[to], %[end]\n"
      "bne     1b\n"
      : [from0] "+r"(from0), [from1] "+r"(from1), [to] "+r"(to), [a] "=&r"(a), [b] "=&r"(b),
        [even] "=&r"(even), [x] "=&r"(x), [y] "=&r"(y)
      : [m] "r"(p->m), [zero] "r"(-p->zero_point0 * p->m), [less1] "r"(less1), [k] "r"(p->k),
        [fall] "r"(p->falls ? p->fall : p->k), [end] "r"(end), [shift] "I"(p->shift),
        [falls] "i"(p->falls)
      : "cc", "memory");
}

TG_INLINE int8_t tg_dsp_mul_one(const struct tg_dsp_mul_params *p, int8_t a, int8_t b) {
  const int64_t product = (int64_t)((a - p->zero_point0) * p->m) * (b - p->zero_point1);
  const int32_t x = (int32_t)(product >> 16);
  return (int8_t)(tg_clamp((x + p->k - (x < 0 ? p->fall : 0)) >> p->shift, 0, 255) - 128);
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_dsp_mul(const struct tg_dsp_mul_params *p, const int8_t *input0,
                          const int8_t *input1, int8_t *output) {
  const int32_t whole = p->count / 4 * 4;
  for (int32_t row = 0; row < p->rows; ++row) {
    if (whole != 0) {
      tg_dsp_mul_fours(p, input0, input1, output, output + whole);
    }
    for (int32_t i = whole; i < p->count; ++i) {
      output[i] = tg_dsp_mul_one(p, input0[i], input1[i]);
    }
    input0 += p->step0;
    input1 += p->step1;
    output += p->count;
  }
}

#endif /* TG_DSP_MUL_H */
