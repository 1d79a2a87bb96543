/* Any function of one int8 code, eight codes at a time: output = table[input]. Words are read and
 * written, and four entries of the table one behind the other, which takes a cycle for each. */
#ifndef TG_DSP_LOOKUP_H
#define TG_DSP_LOOKUP_H

#include "tg_dsp.h"

struct tg_dsp_lookup_params {
  int32_t count;                /* elements */
  const TG_FLASH int8_t *table; /* 256 entries: entry i is for the code whose byte is i */
};

/* Four codes: w, then x, y and z. */
#define TG_DSP_LOOKUP_FOUR              \
  "ldr     %[w], [%[from]], #4\n"       \
  "uxtb    %[x], %[w], ror #8\n"        \
  "uxtb    %[y], %[w], ror #16\n"       \
  "lsr     %[z], %[w], #24\n"           \
  "uxtb    %[w], %[w]\n"                \
  "ldrb    %[x], [%[table], %[x]]\n"    \
  "ldrb    %[y], [%[table], %[y]]\n"    \
  "ldrb    %[z], [%[table], %[z]]\n"    \
  "ldrb    %[w], [%[table], %[w]]\n"    \
  "orr     %[y], %[y], %[z], lsl #8\n"  \
  "orr     %[w], %[w], %[x], lsl #8\n"  \
  "orr     %[w], %[w], %[y], lsl #16\n" \
  "str     %[w], [%[to]], #4\n"

/* As many fours as end at `end`, an even number of them; at least two. */
TG_DSP_SHARED void tg_dsp_lookup_fours(const int8_t *table, const int8_t *from, int8_t *to,
                                       const int8_t *end) {
  uint32_t w, x, y, z;
  __asm__ volatile(
      "1:\n" TG_DSP_LOOKUP_FOUR TG_DSP_LOOKUP_FOUR
      "cmp     %[to], %[end]\n"
      "bne     1b\n"
      : [from] "+r"(from), [to] "+r"(to), [w] "=&r"(w), [x] "=&r"(x), [y] "=&r"(y), [z] "=&r"(z)
      : [table] "r"(table), [end] "r"(end)
      : "cc", "memory");
}

/* May run in place. */
TG_INLINE void tg_dsp_lookup(const struct tg_dsp_lookup_params *p, const int8_t *input,
                             int8_t *output) {
  const int32_t whole = p->count / 8 * 8;
  if (whole != 0) {
    tg_dsp_lookup_fours(p->table, input, output, output + whole);
  }
  for (int32_t i = whole; i < p->count; ++i) {
    output[i] = p->table[(uint8_t)input[i]];
  }
}

#endif /* TG_DSP_LOOKUP_H */
