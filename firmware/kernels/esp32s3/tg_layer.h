/* How a layer with weights is computed with the ESP32-S3's vectors, and its codes made of sums.
 *
 * There is no product of 32 bits in a vector, so every sum becomes a code alone, in one of two
 * ways. `once`, for which zero points and bias are in the tweak, is proved to give the
 * specification's code for every sum there can be (requantization.py):
 *
 *   x = (sum << n) + tweak, code = sat8((x * m >> 32) >> S)
 *
 * `twice` is the specification, for shifts to the right by at least one: what is negative is taken
 * down by one before the second rounding. Only instructions whose results saturation and rounding
 * have no part in are used: the manual says little of either. Loads and stores of vectors leave the
 * lower four bits of an address out.
 */
#ifndef TG_ESP32S3_LAYER_H
#define TG_ESP32S3_LAYER_H

#include "tg_fixed_point.h"

/* What is the same for all of a layer, compile-time constants. */
struct tg_esp32s3_layer {
  int32_t steps;      /* of 16 inputs */
  int32_t twice;      /* 1: two roundings, and the next two mean nothing */
  int32_t left;       /* n, 0 to 31 */
  int32_t right;      /* S, 1 to 22 */
  int32_t zero_point; /* of the output, with two roundings */
  int32_t minimum;    /* codes beyond these two are clamped */
  int32_t maximum;
};

/* They are the assembler's: a statement takes what it needs with `.if`. */
#define TG_ESP32S3_LAYER(layer)                                                        \
  [steps] "i"((layer)->steps), [twice] "i"((layer)->twice), [left] "i"((layer)->left), \
      [right] "i"((layer)->right), [zero_point] "i"((layer)->zero_point),              \
      [minimum] "i"((layer)->minimum), [maximum] "i"((layer)->maximum)

/* clang-format off */

/* The code of what is in %[t], from constants that lie from %[at] on: in %[u] the first of them. */
#define TG_ESP32S3_CLAMP                    \
  "clamps     %[t], %[t], 7\n"              \
  ".if %c[minimum] > -128\n"                \
  "movi       %[u], %c[minimum]\n"          \
  "max        %[t], %[t], %[u]\n"           \
  ".endif\n"                                \
  ".if %c[maximum] < 127\n"                 \
  "movi       %[u], %c[maximum]\n"          \
  "min        %[t], %[t], %[u]\n"           \
  ".endif\n"

/* %[t] is x, %[v] m. */
#define TG_ESP32S3_ONCE                     \
  "mulsh      %[t], %[t], %[v]\n"           \
  "srai       %[t], %[t], %c[right]\n"      \
  TG_ESP32S3_CLAMP

/* %[t] is the sum with its bias, %[v] the multiplier; the half and the shift come from `half` and
 * `shift`, which are places in memory. */
#define TG_ESP32S3_TWICE(half, shift)       \
  "slli       %[t], %[t], 1\n"              \
  "mull       %[u], %[t], %[v]\n"           \
  "mulsh      %[t], %[t], %[v]\n"           \
  "extui      %[u], %[u], 31, 1\n"          \
  "l32i       %[v], " shift "\n"            \
  "add        %[t], %[t], %[u]\n"           \
  "l32i       %[u], " half "\n"             \
  "ssr        %[v]\n"                       \
  "srai       %[v], %[t], 31\n"             \
  "add        %[t], %[t], %[u]\n"           \
  "add        %[t], %[t], %[v]\n"           \
  "sra        %[t], %[t]\n"                 \
  "addi       %[t], %[t], %c[zero_point]\n" \
  TG_ESP32S3_CLAMP

/* clang-format on */

/* `count` bytes of one value. */
TG_INLINE void tg_esp32s3_layer_fill(int8_t *to, int32_t count, int32_t value) {
  if (((uintptr_t)to | (uintptr_t)count) % 4 == 0) {
    const uint32_t four = (uint32_t)(value & 0xFF) * 0x01010101U;
    uint32_t *words = (uint32_t *)(void *)to;
    for (int32_t i = count / 4; i > 0; --i) {
      *words++ = four;
    }
    return;
  }
  for (int32_t i = count; i > 0; --i) {
    *to++ = (int8_t)value;
  }
}

/* The first place from here on where a vector starts. */
TG_INLINE int8_t *tg_esp32s3_layer_aligned(void *scratch) {
  return (int8_t *)(((uintptr_t)scratch + 15) & ~(uintptr_t)15);
}

/* The vector in memory that holds the last of so many bytes: nothing is to be read behind it. */
TG_INLINE const int8_t *tg_esp32s3_layer_last(const int8_t *bytes, int32_t count) {
  return (const int8_t *)(((uintptr_t)bytes + (uintptr_t)count - 1) & ~(uintptr_t)15);
}

/* So many vectors from anywhere to where one starts: what is loaded has to be shifted together of
 * two that start where vectors do. */
TG_INLINE void tg_esp32s3_layer_copy(int8_t *to, const int8_t *from, int32_t vectors,
                                     const int8_t *last) {
  __asm__ volatile(
      "ee.ld.128.usar.ip q0, %[from], 16\n"
      "loopnez           %[vectors], 1f\n"
      "minu              %[from], %[from], %[last]\n"
      "ee.vld.128.ip     q1, %[from], 16\n"
      "ee.src.q.qup      q2, q0, q1\n"
      "ee.vst.128.ip     q2, %[to], 16\n"
      "1:\n"
      : [from] "+r"(from), [to] "+r"(to)
      : [vectors] "r"(vectors), [last] "r"(last)
      : "memory");
}

#endif /* TG_ESP32S3_LAYER_H */
