/* What the kernels for Armv7E-M and Armv8-M with the DSP extension share.
 *
 * Two int8 weights are one int16: in a quad (w0, w1, w2, w3) the halfwords 256 w1 + w0 and
 * 256 w3 + w2 are as they lie in memory, an operand of SMLAD without unpacking. Against activations
 * A = (a1, a3) and B = 256 (a0, a2) - A + 127
 *
 *   SMLAD(A, w) + SMLAD(B, SXTB16(w)) = 256 (a0 w0 + a1 w1 + a2 w2 + a3 w3) + 127 (w0 + w2)
 *
 * so that four weights cost one SXTB16, and the 256 is part of the requantization's multiplier. The
 * 127 keeps B within int16; what it adds is taken from the bias beforehand.
 */
#ifndef TG_DSP_H
#define TG_DSP_H

#include <stdint.h>
#include <string.h>

#include "tg_fixed_point.h"

/* One function for all layers that call it. */
#define TG_DSP_SHARED static __attribute__((noinline, unused))

/* Four int8 from any address. */
TG_INLINE uint32_t tg_dsp_word(const int8_t *from) {
  uint32_t word;
  memcpy(&word, from, sizeof word);
  return word;
}

TG_INLINE void tg_dsp_put(int8_t *to, uint32_t word) {
  memcpy(to, &word, sizeof word);
}

/* The first one to four int8, zeros behind them. */
TG_INLINE uint32_t tg_dsp_rest(const int8_t *from, int32_t count) {
  uint32_t word = 0;
  memcpy(&word, from, (size_t)count);
  return word;
}

/* The last one to three int8 of `count`, which no quad holds, zeros behind them: nothing beyond
 * them is read. */
TG_INLINE uint32_t tg_dsp_tail(const int8_t *from, int32_t count) {
  if (count >= 4) {
    return tg_dsp_word(from + count - 4) >> (8 * (4 - count % 4));
  }
  uint32_t word = (uint8_t)from[0];
  if (count > 1) {
    word |= (uint32_t)(uint8_t)from[1] << 8;
  }
  if (count > 2) {
    word |= (uint32_t)(uint8_t)from[2] << 16;
  }
  return word;
}

/* A and B of four activations. */
struct tg_dsp_quad {
  uint32_t a;
  uint32_t b;
};

TG_INLINE struct tg_dsp_quad tg_dsp_expanded(uint32_t word) {
  struct tg_dsp_quad quad;
  uint32_t even;
  __asm__(
      "sxtb16 %[a], %[word], ror #8\n\t"
      "bic    %[even], %[word], #0xff00ff00\n\t"
      "add    %[even], %[half], %[even], lsl #8\n\t"
      "ssub16 %[b], %[even], %[a]"
      : [a] "=&r"(quad.a), [b] "=r"(quad.b), [even] "=&r"(even)
      : [word] "r"(word), [half] "r"(0x007f007f));
  return quad;
}

/* Words of int8 from any address to pairs of A and B. */
TG_INLINE void tg_dsp_expand(const int8_t *from, uint32_t *to, int32_t words) {
  for (const int8_t *const twos = from + 8 * (words / 2); from != twos; from += 8) {
    const struct tg_dsp_quad first = tg_dsp_expanded(tg_dsp_word(from));
    const struct tg_dsp_quad second = tg_dsp_expanded(tg_dsp_word(from + 4));
    to[0] = first.a;
    to[1] = first.b;
    to[2] = second.a;
    to[3] = second.b;
    to += 4;
  }
  if (words % 2 != 0) {
    const struct tg_dsp_quad last = tg_dsp_expanded(tg_dsp_word(from));
    to[0] = last.a;
    to[1] = last.b;
  }
}

/* `count` int8 to pairs of A and B, zeros behind the last one. */
TG_INLINE void tg_dsp_expand_all(const int8_t *from, uint32_t *to, int32_t count) {
  tg_dsp_expand(from, to, count / 4);
  if (count % 4 != 0) {
    const struct tg_dsp_quad quad = tg_dsp_expanded(tg_dsp_tail(from, count));
    to[2 * (count / 4)] = quad.a;
    to[2 * (count / 4) + 1] = quad.b;
  }
}

/* `count` bytes, of which no address need be a multiple of 4: a library's memcpy may take them one
 * at a time. */
TG_INLINE void tg_dsp_copy(int8_t *to, const int8_t *from, int32_t count) {
  for (; count >= 16; count -= 16) {
    const uint32_t a = tg_dsp_word(from), b = tg_dsp_word(from + 4);
    const uint32_t c = tg_dsp_word(from + 8), d = tg_dsp_word(from + 12);
    tg_dsp_put(to, a);
    tg_dsp_put(to + 4, b);
    tg_dsp_put(to + 8, c);
    tg_dsp_put(to + 12, d);
    __asm__ volatile("" ::: "memory"); /* or it becomes a call of memcpy */
    from += 16;
    to += 16;
  }
  for (; count > 0; --count) {
    *to++ = *from++;
    __asm__ volatile("" ::: "memory");
  }
}

/* `count` bytes of a word of equal ones. */
TG_INLINE void tg_dsp_fill(int8_t *to, uint32_t word, int32_t count) {
  for (; count >= 4; count -= 4) {
    tg_dsp_put(to, word);
    __asm__ volatile("" ::: "memory");
    to += 4;
  }
  for (; count > 0; --count) {
    *to++ = (int8_t)word;
    __asm__ volatile("" ::: "memory");
  }
}

#endif /* TG_DSP_H */
