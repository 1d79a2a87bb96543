/* Dot products of one row with a block of rows of weights. */
#ifndef TG_DOT_H
#define TG_DOT_H

#include <stdint.h>

#include "tg_affine.h"
#include "tg_packed.h"

enum { TG_DOT_BLOCK = 4 };

/* Expands a row to words, with zeros behind it; gives -128 times its sum, where products with
 * w + 128 start. */
TG_INLINE uint32_t tg_dot_expand(const int8_t *row, int32_t count, int32_t padding,
                                 uint32_t *words) {
  uint32_t sum = 0;
  for (int32_t i = 0; i < count; ++i) {
    const uint32_t word = (uint32_t)(int32_t)row[i];
    words[i] = word;
    sum += word;
  }
  for (int32_t i = count; i < count + padding; ++i) {
    words[i] = 0;
  }
  return 0u - 128u * sum;
}

#if TG_ARMV6M
/* One unit, eight products a round: LDM is one instruction for four words.
 *
 *   r2-r5  four words, then their products    r6  a weight    r12  the end of the words
 */
#define TG_WORD(register, offset) \
  "ldrb r6, [%[weights], #" #offset "]\n\t" \
  "muls " register ", r6\n\t"           \
  "adds %[sum], " register "\n\t"
TG_INLINE uint32_t tg_dot_eight(const uint32_t *words, const uint8_t *weights, int32_t products) {
  uint32_t sum = (uint32_t)(uintptr_t)(words + products); /* first it brings their end */
  __asm volatile(
      ".syntax unified\n\t"
      "mov r12, %[sum]\n\t"
      "movs %[sum], #0\n"
      "1:\n\t"
      "ldmia %[words]!, {r2, r3, r4, r5}\n\t"
      TG_WORD("r2", 0) TG_WORD("r3", 1) TG_WORD("r4", 2) TG_WORD("r5", 3)
      "ldmia %[words]!, {r2, r3, r4, r5}\n\t"
      TG_WORD("r2", 4) TG_WORD("r3", 5) TG_WORD("r4", 6) TG_WORD("r5", 7)
      "adds %[weights], #8\n\t"
      "cmp %[words], r12\n\t"
      "bne 1b\n\t"
      : [words] "+l"(words), [weights] "+l"(weights), [sum] "+l"(sum)
      :
      : "r2", "r3", "r4", "r5", "r6", "r12", "cc", "memory");
  return sum;
}
#endif

/* sums[block] += the sum over `products` of weights[product][block], unsigned, times the words; a
 * multiple of `unroll` products. */
TG_INLINE void tg_dot_words(uint32_t sums[TG_DOT_BLOCK], const uint32_t *words,
                            const TG_FLASH uint8_t *weights, int32_t products, int32_t block,
                            int32_t unroll) {
#if TG_ARMV6M
  if (block == 1 && unroll == 8) {
    sums[0] += tg_dot_eight(words, weights, products);
    return;
  }
#endif
  const uint32_t *const end = words + products;
  do {
    TG_UNROLL_8
    for (int32_t u = 0; u < unroll; ++u) {
      TG_UNROLL_8
      for (int32_t j = 0; j < block; ++j) {
        sums[j] += words[u] * weights[u * block + j];
      }
    }
    words += unroll;
    weights += unroll * block;
  } while (words != end);
}

/* The same for signed bytes, in the row and in the weights. */
TG_INLINE void tg_dot_bytes(uint32_t sums[TG_DOT_BLOCK], const int8_t *row,
                            const TG_FLASH uint8_t *weights, int32_t products, int32_t block,
                            int32_t unroll) {
  const int8_t *const end = row + products;
  do {
    TG_UNROLL_8
    for (int32_t u = 0; u < unroll; ++u) {
      const int32_t x = row[u];
      TG_UNROLL_8
      for (int32_t j = 0; j < block; ++j) {
        sums[j] += (uint32_t)(x * (int8_t)weights[u * block + j]);
      }
    }
    row += unroll;
    weights += unroll * block;
  } while (row != end);
}

#endif /* TG_DOT_H */
