/* Dot products of packed words with unsigned weights: the inner loop of kernels that compute three
 * pixels in two words (tg_packed.h).
 */
#ifndef TG_PACKED_DOT_H
#define TG_PACKED_DOT_H

#include <stdint.h>

#include "tg_affine.h"
#include "tg_packed.h"

enum { TG_PACKED_BLOCK = 4, TG_PACKED_WORDS = 4 };

#if TG_ARMV6M
/* Four words by one weight, `unroll` (4 or 8) products a round: LDM is one instruction for four
 * words, and ADD reaches the upper registers.
 *
 *   r2-r5   four words, then their products    r6   the weight
 *   r8-r11  the four sums                      r12  the end of the words
 *
 * For size GCC leaves r8 to r11 alone, and does not save them either.
 */
#if defined(__OPTIMIZE_SIZE__)
#define TG_UPPER_SAVED              \
  "mov r2, r8\n\t mov r3, r9\n\t"   \
  "mov r4, r10\n\t mov r5, r11\n\t" \
  "push {r2, r3, r4, r5}\n\t"
#define TG_UPPER_RESTORED        \
  "pop {r6}\n\t mov r8, r6\n\t"  \
  "pop {r6}\n\t mov r9, r6\n\t"  \
  "pop {r6}\n\t mov r10, r6\n\t" \
  "pop {r6}\n\t mov r11, r6\n\t"
#define TG_UPPER "r12"
#else
#define TG_UPPER_SAVED
#define TG_UPPER_RESTORED
#define TG_UPPER "r8", "r9", "r10", "r11", "r12"
#endif

#define TG_FOUR_WORDS(offset)             \
  "ldmia %[words]!, {r2, r3, r4, r5}\n\t" \
  "ldrb r6, [%[weights], #" #offset       \
  "]\n\t"                                 \
  "muls r2, r6\n\t add r8, r2\n\t"        \
  "muls r3, r6\n\t add r9, r3\n\t"        \
  "muls r4, r6\n\t add r10, r4\n\t"       \
  "muls r5, r6\n\t add r11, r5\n\t"
#define TG_ROUNDS(code, count)                                                                     \
  __asm volatile(".syntax unified\n\t" TG_UPPER_SAVED                                              \
                 "mov r12, %[end]\n\t"                                                             \
                 "ldmia %[words]!, {r2, r3, r4, r5}\n\t"                                           \
                 "mov r8, r2\n\t mov r9, r3\n\t mov r10, r4\n\t mov r11, r5\n"                     \
                 "1:\n\t" code "adds %[weights], #" #count                                         \
                 "\n\t"                                                                            \
                 "cmp %[words], r12\n\t"                                                           \
                 "bne 1b\n\t"                                                                      \
                 "mov r2, r8\n\t mov r3, r9\n\t mov r4, r10\n\t mov r5, r11\n\t" TG_UPPER_RESTORED \
                 : [words] "+l"(words), [weights] "+l"(weights), "=&l"(s0), "=&l"(s1), "=&l"(s2),  \
                   "=&l"(s3)                                                                       \
                 : [end] "l"(end)                                                                  \
                 : "r6", TG_UPPER, "cc", "memory")

TG_INLINE void tg_four_words_dot(uint32_t sums[TG_PACKED_WORDS], const uint32_t *words,
                                 const uint8_t *weights, int32_t products, int32_t unroll) {
  const uint32_t *const end = words + 4 * (1 + products);
  register uint32_t s0 __asm("r2");
  register uint32_t s1 __asm("r3");
  register uint32_t s2 __asm("r4");
  register uint32_t s3 __asm("r5");
  if (unroll == 8) {
    TG_ROUNDS(TG_FOUR_WORDS(0) TG_FOUR_WORDS(1) TG_FOUR_WORDS(2) TG_FOUR_WORDS(3) TG_FOUR_WORDS(4)
                  TG_FOUR_WORDS(5) TG_FOUR_WORDS(6) TG_FOUR_WORDS(7),
              8);
  } else {
    TG_ROUNDS(TG_FOUR_WORDS(0) TG_FOUR_WORDS(1) TG_FOUR_WORDS(2) TG_FOUR_WORDS(3), 4);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}
#endif

/* sums[block][width] = words[width] + the sum over `products` of weights[product][block] times
 * words[1 + product][width]; a multiple of `unroll` products. */
TG_INLINE void tg_packed_dot(uint32_t sums[TG_PACKED_BLOCK][TG_PACKED_WORDS], const uint32_t *words,
                             const TG_FLASH uint8_t *weights, int32_t products, int32_t width,
                             int32_t block, int32_t unroll) {
#if TG_ARMV6M
  if (width == 4 && block == 1 && unroll % 4 == 0) {
    tg_four_words_dot(sums[0], words, weights, products, unroll);
    return;
  }
#endif
  TG_UNROLL_8
  for (int32_t j = 0; j < block; ++j) {
    TG_UNROLL_8
    for (int32_t i = 0; i < width; ++i) {
      sums[j][i] = words[i];
    }
  }
  words += width;
  const uint32_t *const end = words + width * products;
  do {
    TG_UNROLL_8
    for (int32_t u = 0; u < unroll; ++u) {
      TG_UNROLL_8
      for (int32_t j = 0; j < block; ++j) {
        const uint32_t weight = weights[u * block + j];
        TG_UNROLL_8
        for (int32_t i = 0; i < width; ++i) {
          sums[j][i] += weight * words[u * width + i];
        }
      }
    }
    words += width * unroll;
    weights += block * unroll;
  } while (words != end);
}

#endif /* TG_PACKED_DOT_H */
