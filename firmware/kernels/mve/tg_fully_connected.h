/* FULLY_CONNECTED with Helium: one row by eight units at a time, in one assembly statement.
 *
 *   r0 r2 r4  r6      sums of units 1, 3, 5, 7 of a block
 *   r8 r10 r12 lr     sums of units 0, 2, 4, 6
 *   r1, r3, r11       where inputs are read, codes written, weights read
 *   r5, r7            units that are left, rounds of the loop that are
 *   q0                16 inputs; then the first four sums
 *   q1, q2            16 weights of a unit; then the other sums, and constants
 */
#ifndef TG_MVE_FULLY_CONNECTED_H
#define TG_MVE_FULLY_CONNECTED_H

#include <arm_mve.h>

#include "mve/tg_layer.h"

struct tg_mve_fully_connected_params {
  int32_t depth;
  int32_t units;
  int32_t twice; /* how sums are requantized: see tg_mve_layer */
  int32_t left;
  int32_t right;
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int8_t *weights; /* for each eight units, the odd ones first: 16 weights of each in
                                     turn; then int32: tweaks, m; or biases, m, shifts */
};

/* The input row and where its codes go, in the order of the registers. */
struct tg_mve_fully_connected_row {
  const int8_t *input;
  int8_t *output;
  int32_t units;
  const int8_t *weights;
};

/* clang-format off */

#define TG_MVE_FC_UNIT(sum, to, weights)    \
  "vldrb.u8   " weights ", [r11], #16\n"    \
  sum "       " to ", q0, " weights "\n"

/* Sixteen inputs; `sum` is VMLADAV at first, which starts the sums. */
#define TG_MVE_FC_STEP(sum)                 \
  "vldrb.u8   q0, [r1], #16\n"              \
  TG_MVE_FC_UNIT(sum, "r0", "q1")           \
  TG_MVE_FC_UNIT(sum, "r2", "q2")           \
  TG_MVE_FC_UNIT(sum, "r4", "q1")           \
  TG_MVE_FC_UNIT(sum, "r6", "q2")           \
  TG_MVE_FC_UNIT(sum, "r8", "q1")           \
  TG_MVE_FC_UNIT(sum, "r10", "q2")          \
  TG_MVE_FC_UNIT(sum, "r12", "q1")          \
  TG_MVE_FC_UNIT(sum, "lr", "q2")

/* One or two, and then a loop of two. */
#define TG_MVE_FC_STEPS                     \
  TG_MVE_FC_STEP("vmladav.s8")              \
  ".if %c[steps] %% 2 == 0\n"               \
  TG_MVE_FC_STEP("vmladava.s8")             \
  ".endif\n"                                \
  ".if %c[steps] > 2\n"                     \
  "movw       r7, #(%c[steps] - 1) / 2\n"   \
  "1:\n"                                    \
  TG_MVE_FC_STEP("vmladava.s8")             \
  TG_MVE_FC_STEP("vmladava.s8")             \
  "subs       r7, r7, #1\n"                 \
  "bne        1b\n"                         \
  ".endif\n"                                \
  "sub        r1, r1, #16 * %c[steps]\n"

#define TG_MVE_FC_TO_VECTORS                \
  "vmov       q0[2], q0[0], r0, r4\n"       \
  "vmov       q0[3], q0[1], r2, r6\n"       \
  "vmov       q1[2], q1[0], r8, r12\n"      \
  "vmov       q1[3], q1[1], r10, lr\n"

#define TG_MVE_FC_CONSTANT(what, of)        \
  "vldrw.u32  q2, [r11], #16\n"             \
  what "      " of ", " of ", q2\n"

/* The code of an odd unit in byte 2 of its lane of q0, that of the even one before in byte 0. */
#define TG_MVE_FC_ONCE                      \
  "vqshl.s32    q0, q0, %[left_shift]\n"    \
  "vqshl.s32    q1, q1, %[left_shift]\n"    \
  TG_MVE_FC_CONSTANT("vqadd.s32", "q0")     \
  TG_MVE_FC_CONSTANT("vqadd.s32", "q1")     \
  TG_MVE_FC_CONSTANT("vrmulh.s32", "q0")    \
  TG_MVE_FC_CONSTANT("vrmulh.s32", "q1")    \
  "vshrnb.i32   q0, q1, #16\n"              \
  "vqrshrnb.s16 q0, q0, %[right_shift]\n"
#define TG_MVE_FC_TWICE                     \
  TG_MVE_FC_CONSTANT("vadd.i32", "q0")      \
  TG_MVE_FC_CONSTANT("vadd.i32", "q1")      \
  TG_MVE_FC_CONSTANT("vqrdmulh.s32", "q0")  \
  TG_MVE_FC_CONSTANT("vqrdmulh.s32", "q1")  \
  "vshr.s32     q2, q0, #31\n"              \
  "vadd.i32     q0, q0, q2\n"               \
  "vshr.s32     q2, q1, #31\n"              \
  "vadd.i32     q1, q1, q2\n"               \
  TG_MVE_FC_CONSTANT("vrshl.s32", "q0")     \
  TG_MVE_FC_CONSTANT("vrshl.s32", "q1")     \
  "vqmovnb.s32  q1, q1\n"                   \
  "vqmovnt.s32  q1, q0\n"                   \
  "mov          r0, %[zero_point]\n"        \
  "vqadd.s16    q1, q1, r0\n"               \
  "vqmovnb.s16  q0, q1\n"

#define TG_MVE_FC_STORE                     \
  ".if %c[whole]\n"                         \
  "vstrb.16   q0, [r3], #8\n"               \
  ".else\n"                                 \
  "vctp.16    r5\n"                         \
  "vpst\n"                                  \
  "vstrbt.16  q0, [r3], #8\n"               \
  ".endif\n"

/* clang-format on */

TG_INLINE void tg_mve_fully_connected_units(const struct tg_mve_fully_connected_row *row,
                                            const struct tg_mve_layer *layer) {
  register const struct tg_mve_fully_connected_row *at __asm__("r0") = row;
  __asm__ volatile(
      "ldm  r0, {r1, r3, r5, r11}\n"
      "2:\n" TG_MVE_FC_STEPS TG_MVE_FC_TO_VECTORS ".if %c[twice]\n" TG_MVE_FC_TWICE
      ".else\n" TG_MVE_FC_ONCE ".endif\n" TG_MVE_CLAMP TG_MVE_FC_STORE
      "subs r5, r5, #8\n"
      "bgt  2b\n"
      : "+r"(at)
      : "m"(*row), TG_MVE_LAYER(layer)
      : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r10", "r11", "r12", "lr", "q0", "q1", "q2",
        "cc", "p0", "memory");
}

/* Scratch: where the depth is no multiple of 16, room for a row up to one. */
TG_INLINE void tg_mve_fully_connected(const struct tg_mve_fully_connected_params *p,
                                      const int8_t *input, int8_t *output, void *scratch) {
  const struct tg_mve_layer layer = {
      .steps = (p->depth + 15) / 16,
      .small = 0,
      .whole = p->units % 8 == 0,
      .twice = p->twice,
      .left = p->left,
      .right = p->right,
      .zero_point = p->output_zero_point,
      .minimum = p->output_min,
      .maximum = p->output_max,
  };
  const struct tg_mve_fully_connected_row row = {
      p->depth % 16 == 0 ? input : tg_mve_layer_copy(input, (int8_t *)scratch, p->depth), output,
      p->units, p->weights};
  tg_mve_fully_connected_units(&row, &layer);
}

#endif /* TG_MVE_FULLY_CONNECTED_H */
