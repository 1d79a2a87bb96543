/* Weights as a Rice code: those that are frequent take few bits. They are decoded one by one.
 *
 * After Rice and Plaunt, "Adaptive Variable-Length Coding for Efficient Compression of Spacecraft
 * Television Data" (1971). A row of weights begins with its k, of three bits. A weight is its
 * number in a table of values: number >> k as so many zeros and a one, then the lower k bits of it.
 * What would take 24 zeros or more is 24 zeros and the eight bits of the number. Bits fill words
 * from the top. tinygen/engines/aot/kernel_sets/portable/rice.py writes it.
 */
#ifndef TG_RICE_H
#define TG_RICE_H

#include <stdint.h>

#include "tg_fixed_point.h"

#define TG_RICE_K_BITS 3
#define TG_RICE_MOST_ZEROS 24

/* Where a stream is read. */
struct tg_rice {
  const TG_FLASH int32_t *next;
  uint32_t word;
  uint32_t ahead; /* the word behind it */
  int32_t used;   /* bits of `word`: 0 to 31 */
};

TG_INLINE struct tg_rice tg_rice_begin(const TG_FLASH int32_t *stream) {
  const struct tg_rice at = {stream + 2, (uint32_t)stream[0], (uint32_t)stream[1], 0};
  return at;
}

/* The next 32 bits. */
TG_INLINE uint32_t tg_rice_window(const struct tg_rice *at) {
  return (at->word << at->used) | ((at->ahead >> 1) >> (31 - at->used));
}

/* Behind so many bits, 32 at the most. */
TG_INLINE void tg_rice_skip(struct tg_rice *at, int32_t bits) {
  at->used += bits;
  if (at->used >= 32) {
    at->used -= 32;
    at->word = at->ahead;
    at->ahead = (uint32_t)*at->next++;
  }
}

/* Zeros at the top of a window: exact where there are fewer than TG_RICE_MOST_ZEROS. */
TG_INLINE int32_t tg_rice_zeros(uint32_t window) {
#if defined(__ARM_FEATURE_CLZ) || defined(__XTENSA__) || defined(__x86_64__)
  return (int32_t)__builtin_clz(window | 1u);
#else /* most have one zero or none */
  int32_t zeros = 0;
  while (zeros < TG_RICE_MOST_ZEROS && (int32_t)window >= 0) {
    window <<= 1;
    ++zeros;
  }
  return zeros;
#endif
}

/* The k of the row that begins here. */
TG_INLINE int32_t tg_rice_row(struct tg_rice *at) {
  const uint32_t window = tg_rice_window(at);
  tg_rice_skip(at, TG_RICE_K_BITS);
  return (int32_t)(window >> (32 - TG_RICE_K_BITS));
}

/* The next number, 0 to 255. */
TG_INLINE uint32_t tg_rice_number(struct tg_rice *at, int32_t k) {
  const uint32_t window = tg_rice_window(at);
  const int32_t zeros = tg_rice_zeros(window);
  if (zeros >= TG_RICE_MOST_ZEROS) {
    tg_rice_skip(at, 32);
    return window & 255u;
  }
  const uint32_t behind = window << zeros << 1;
  tg_rice_skip(at, zeros + 1 + k);
  return ((uint32_t)zeros << k) | ((behind >> 1) >> (31 - k));
}

#endif /* TG_RICE_H */
