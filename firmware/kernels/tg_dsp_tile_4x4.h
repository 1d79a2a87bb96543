/* The input of a tile of 4x4 outputs for Winograd's F(4x4, 3x3): six by six pixels, transformed. */
#ifndef TG_DSP_TILE_4X4_H
#define TG_DSP_TILE_4X4_H

#include "tg_dsp.h"

/* `words` of four int8, less -128, to pairs: channels 0 and 2, then 1 and 3. */
TG_DSP_SHARED void tg_dsp_tile_4x4_expand(const int8_t *from, uint32_t *to, int32_t words) {
  for (const uint32_t *const end = to + 2 * words; to != end; to += 2) {
    const uint32_t word = tg_dsp_word(from) ^ 0x80808080u;
    __asm__("uxtb16  %0, %1" : "=r"(to[0]) : "r"(word));
    __asm__("uxtb16  %0, %1, ror #8" : "=r"(to[1]) : "r"(word));
    from += 4;
  }
}

/* `words` of the border. */
TG_DSP_SHARED void tg_dsp_tile_4x4_border(int32_t zero_point, uint32_t *to, int32_t words) {
  const uint32_t pair = (uint32_t)(zero_point + 128) * 0x00010001u;
  for (const uint32_t *const end = to + words; to != end; ++to) {
    *to = pair;
  }
}

/* A tile's input of all channels, in the order of the stack below. Distances are in bytes. */
struct tg_dsp_tile_4x4 {
  int32_t row; /* from a row of pixels to the next one */
  int32_t row_3;
  int32_t row_5;
  int32_t product; /* from what is written of a product to the next one's */
  int32_t product_3;
  int32_t product_5;
  const uint32_t *pixels; /* the first one's pairs of channels, each from 0 to 255 */
  uint32_t *to;           /* four words for each pair, of which one is this tile's */
  const uint32_t *end;    /* of the first pixel's pairs */
  int32_t pixel;          /* from a pixel to the next one */
};

/* Six pairs in r4 to r9, transformed by
 *
 *   (4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0),
 *   (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1)
 *
 * as numbers 2^16 high + low, which need no instruction of halves; r10 to r12 are free. */
#define TG_DSP_TILE_4X4_INPUT     \
  "sub     r10, r8, r6, lsl #2\n" \
  "sub     r11, r7, r5, lsl #2\n" \
  "sub     r8, r8, r6\n"          \
  "sub     r12, r7, r5\n"         \
  "sub     r4, r4, r6\n"          \
  "sub     r9, r9, r7\n"          \
  "add     r4, r8, r4, lsl #2\n"  \
  "add     r5, r10, r11\n"        \
  "sub     r6, r10, r11\n"        \
  "add     r7, r8, r12, lsl #1\n" \
  "sub     r8, r8, r12, lsl #1\n" \
  "sub     r9, r9, r12, lsl #2\n"

/* A column of pixels at r0, transformed, to lr. */
#define TG_DSP_TILE_4X4_DOWN(half) \
  "ldr     r4, [r0]\n"             \
  "ldr     r5, [r0, r1]\n"         \
  "ldr     r6, [r0, r1, lsl #1]\n" \
  "ldr     r7, [r0, r2]\n"         \
  "ldr     r8, [r0, r1, lsl #2]\n" \
  "ldr     r9, [r0, r3]\n"         \
  "ldr     r10, [sp, #36]\n"       \
  "add     r0, r0, r10\n" half TG_DSP_TILE_4X4_INPUT "stm     lr!, {r4, r5, r6, r7, r8, r9}\n"

/* In the four pixels whose sum is in every product once, 2^15: the lower halves then borrow nothing
 * from the upper ones, and their highest bit is the other way round. */
#define TG_DSP_TILE_4X4_HALF  \
  "add     r8, r8, #0x8000\n" \
  "add     r9, r9, #0x8000\n"

/* A row of what has been transformed down, transformed along, to where r0 is. */
#define TG_DSP_TILE_4X4_ALONG                    \
  "ldr     r5, [lr, #24]\n"                      \
  "ldr     r6, [lr, #48]\n"                      \
  "ldr     r7, [lr, #72]\n"                      \
  "ldr     r8, [lr, #96]\n"                      \
  "ldr     r9, [lr, #120]\n"                     \
  "ldr     r4, [lr], #4\n" TG_DSP_TILE_4X4_INPUT \
  "eor     r4, r4, #0x8000\n"                    \
  "eor     r5, r5, #0x8000\n"                    \
  "eor     r6, r6, #0x8000\n"                    \
  "eor     r7, r7, #0x8000\n"                    \
  "eor     r8, r8, #0x8000\n"                    \
  "eor     r9, r9, #0x8000\n"                    \
  "str     r4, [r0]\n"                           \
  "str     r5, [r0, r1]\n"                       \
  "str     r6, [r0, r1, lsl #1]\n"               \
  "str     r7, [r0, r2]\n"                       \
  "str     r8, [r0, r1, lsl #2]\n"               \
  "str     r9, [r0, r3]\n"                       \
  "add     r0, r0, r1\n"                         \
  "add     r0, r0, r3\n"

/*   r0         where pixels are read; then where products are written
 *   r1 to r3   one, three and five times the distance there
 *   r4 to r9   six pairs                     r10 to r12   of their transform
 *   lr         where the columns are, transformed: on the stack, behind the struct
 */
TG_DSP_SHARED void tg_dsp_tile_4x4_input(const struct tg_dsp_tile_4x4 *tile) {
  register const void *at __asm__("r0") = tile;
  __asm__ volatile(
      "push    {r7}\n"
      "sub     sp, sp, #144\n"
      "ldm     r0, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10}\n"
      "push    {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10}\n"
      "1:\n"
      "ldm     sp, {r1, r2, r3}\n"
      "ldr     r0, [sp, #24]\n"
      "add     lr, sp, #40\n"
      ".rept 4\n" TG_DSP_TILE_4X4_DOWN("") ".endr\n"
      ".rept 2\n" TG_DSP_TILE_4X4_DOWN(TG_DSP_TILE_4X4_HALF) ".endr\n"
      "add     r1, sp, #12\n"
      "ldm     r1, {r1, r2, r3}\n"
      "ldr     r0, [sp, #28]\n"
      "add     lr, sp, #40\n"
      ".rept 6\n" TG_DSP_TILE_4X4_ALONG ".endr\n"
      "ldrd    r4, r5, [sp, #24]\n"
      "ldr     r6, [sp, #32]\n"
      "add     r4, r4, #4\n"
      "add     r5, r5, #16\n"
      "strd    r4, r5, [sp, #24]\n"
      "cmp     r4, r6\n"
      "bne     1b\n"
      "add     sp, sp, #184\n"
      "pop     {r7}\n"
      : "+r"(at)
      :
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#endif /* TG_DSP_TILE_4X4_H */
