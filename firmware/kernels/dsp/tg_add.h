/* ADD and SUB for cores with the DSP extension: one affine map of both codes, found and held
 * against the specification for all 65,536 pairs when the code was generated. Rows of one input may
 * meet the same one of the other.
 *
 *   code = ((m0 * 256 a >> 16) + (m1 * 256 b >> 16) + k) >> 16, held within int8
 *
 * A code in the upper byte of a halfword is 256 times itself: SMLAWB and SMLAWT multiply the halves
 * of a word as they lie there. k moves codes by 128, so that USAT16 holds two of them, and bytes
 * are joined by an OR.
 */
#ifndef TG_DSP_ADD_H
#define TG_DSP_ADD_H

#include "tg_dsp.h"

struct tg_dsp_add_params {
  int32_t rows;
  int32_t count; /* elements of a row */
  int32_t step0; /* from row to row of an input: 0 where it has but one */
  int32_t step1;
  int32_t m0; /* of the first input */
  int32_t m1; /* of the second one */
  int32_t k;
};

/* Four elements.
 *
 *   a, b  codes of both inputs
 *   x, y  even, then odd ones in the upper bytes of halves
 *   r, s  sums; then even codes
 */
#define TG_DSP_ADD_FOUR                    \
  "ldr     %[a], [%[from0]], #4\n"         \
  "ldr     %[b], [%[from1]], #4\n"         \
  "and     %[x], %[upper], %[a], lsl #8\n" \
  "and     %[y], %[upper], %[b], lsl #8\n" \
  "smlawb  %[r], %[m0], %[x], %[k]\n"      \
  "smlawt  %[s], %[m0], %[x], %[k]\n"      \
  "smlawb  %[r], %[m1], %[y], %[r]\n"      \
  "smlawt  %[s], %[m1], %[y], %[s]\n"      \
  "pkhtb   %[r], %[s], %[r], asr #16\n"    \
  "and     %[x], %[a], %[upper]\n"         \
  "and     %[y], %[b], %[upper]\n"         \
  "smlawb  %[a], %[m0], %[x], %[k]\n"      \
  "smlawt  %[s], %[m0], %[x], %[k]\n"      \
  "smlawb  %[a], %[m1], %[y], %[a]\n"      \
  "smlawt  %[s], %[m1], %[y], %[s]\n"      \
  "pkhtb   %[s], %[s], %[a], asr #16\n"    \
  "usat16  %[r], #8, %[r]\n"               \
  "usat16  %[s], #8, %[s]\n"               \
  "orr     %[r], %[r], %[s], lsl #8\n"     \
  "eor     %[r], %[r], #0x80808080\n"      \
  "str     %[r], [%[to]], #4\n"

/* As many fours as end at `end`, an even number of them; at least two. */
TG_DSP_SHARED void tg_dsp_add_fours(const struct tg_dsp_add_params *p, const int8_t *from0,
                                    const int8_t *from1, int8_t *to, const int8_t *end) {
  uint32_t a, b, x, y, r, s;
  __asm__ volatile(
      "1:\n" TG_DSP_ADD_FOUR TG_DSP_ADD_FOUR
      "cmp     %[to], %[end]\n"
      "bne     1b\n"
      : [from0] "+r"(from0), [from1] "+r"(from1), [to] "+r"(to), [a] "=&r"(a), [b] "=&r"(b),
        [x] "=&r"(x), [y] "=&r"(y), [r] "=&r"(r), [s] "=&r"(s)
      : [m0] "r"(p->m0), [m1] "r"(p->m1), [k] "r"(p->k), [upper] "r"(0xff00ff00u), [end] "r"(end)
      : "cc", "memory");
}

/* May run in place of an input that is not broadcast. */
TG_INLINE void tg_dsp_add(const struct tg_dsp_add_params *p, const int8_t *input0,
                          const int8_t *input1, int8_t *output) {
  const int32_t whole = p->count / 8 * 8, rest = p->count % 8;
  for (int32_t row = 0; row < p->rows; ++row) {
    if (whole != 0) {
      tg_dsp_add_fours(p, input0, input1, output, output + whole);
    }
    if (rest != 0) {
      int8_t a[8] = {0}, b[8] = {0}, sums[8];
      memcpy(a, input0 + whole, (size_t)rest);
      memcpy(b, input1 + whole, (size_t)rest);
      tg_dsp_add_fours(p, a, b, sums, sums + 8);
      memcpy(output + whole, sums, (size_t)rest);
    }
    input0 += p->step0;
    input1 += p->step1;
    output += p->count;
  }
}

#endif /* TG_DSP_ADD_H */
