/* Two rows of inputs by four channels: the block in which kernels with weights are computed.
 *
 * VMLADAVA adds sixteen products to a core register, which has to be an even one: eight sums take
 * all of those, so that what is loaded serves as often as it can, six loads for eight products. All
 * of a block is one assembly statement, because the compiler would move sums about:
 *
 *   r0  r2  r4   r6   sums of row 0 with channels 0 to 3
 *   r8  r10 r12  lr   sums of row 1
 *   q0, q1            16 inputs of rows 0 and 1; then their sums
 *   q2, q3            16 weights of a channel; then requantization's constants
 *
 * A load stands beside a product that does not need it: the Cortex-M55 does the second half of one
 * with the first half of the other. What is known when a layer is compiled is left to the
 * assembler, with `.if`: steps of 16 inputs, how sums become codes, how many of them are stored.
 */
#ifndef TG_MVE_BLOCK_H
#define TG_MVE_BLOCK_H

#include "mve/tg_layer.h"

/* Pairs of rows and where their codes go: the first ones in the order of the registers. */
struct tg_mve_block_pairs {
  const int8_t *row0;
  int8_t *output0;
  int8_t *output1;
  int32_t channels; /* of a row's codes, at least one */
  const int8_t *row1;
  const int8_t *weights;
  int32_t count;       /* of pairs, at least one */
  int32_t row_step;    /* from a pair's rows to the next one's */
  int32_t output_step; /* from behind the last block of four codes to the next pair's */
};

/* clang-format off */

/* Sixteen inputs of each row; `sum` is VMLADAV at first, which starts the sums. */
#define TG_MVE_STEP(sum, row0, row1) \
  "vldrb.u8   q0, " row0 "\n"        \
  "vldrb.u8   q2, [r11], #16\n"      \
  sum "       r0, q0, q2\n"          \
  "vldrb.u8   q1, " row1 "\n"        \
  sum "       r8, q1, q2\n"          \
  "vldrb.u8   q3, [r11], #16\n"      \
  sum "       r2, q0, q3\n"          \
  "vldrb.u8   q2, [r11], #16\n"      \
  sum "       r10, q1, q3\n"         \
  "vldrb.u8   q3, [r11], #16\n"      \
  sum "       r4, q0, q2\n"          \
  sum "       r12, q1, q2\n"         \
  sum "       r6, q0, q3\n"          \
  sum "       lr, q1, q3\n"

#define TG_MVE_STEP_IF(number, at)                                  \
  ".if %c[steps] > " number "\n"                                    \
  TG_MVE_STEP("vmladava.s8", "[r1, #" at "]", "[r9, #" at "]")      \
  ".endif\n"

/* Up to twelve steps stand one behind the other; an offset is at most 127. */
#define TG_MVE_FEW_STEPS                                            \
  TG_MVE_STEP("vmladav.s8", "[r1]", "[r9]")                         \
  TG_MVE_STEP_IF("1", "16")                                         \
  TG_MVE_STEP_IF("2", "32")                                         \
  TG_MVE_STEP_IF("3", "48")                                         \
  TG_MVE_STEP_IF("4", "64")                                         \
  TG_MVE_STEP_IF("5", "80")                                         \
  TG_MVE_STEP_IF("6", "96")                                         \
  ".if %c[steps] == 8\n"                                            \
  TG_MVE_STEP("vmladava.s8", "[r1, #112]", "[r9, #112]")            \
  ".elseif %c[steps] > 8\n"                                         \
  TG_MVE_STEP("vmladava.s8", "[r1, #112]!", "[r9, #112]!")          \
  TG_MVE_STEP_IF("8", "16")                                         \
  TG_MVE_STEP_IF("9", "32")                                         \
  TG_MVE_STEP_IF("10", "48")                                        \
  TG_MVE_STEP_IF("11", "64")                                        \
  "sub        r1, r1, #112\n"                                       \
  "sub        r9, r9, #112\n"                                       \
  ".endif\n"

#define TG_MVE_NEXT TG_MVE_STEP("vmladava.s8", "[r1], #16", "[r9], #16")
#define TG_MVE_NEXT_IF(number)                                      \
  ".if (%c[steps] - 1) %% %c[at_once] > " number "\n"               \
  TG_MVE_NEXT                                                       \
  ".endif\n"

/* More are one to four, and then a loop of four, for which r7 is put aside; or one, and a loop of
 * one, where size matters. */
#define TG_MVE_MANY_STEPS                                           \
  TG_MVE_STEP("vmladav.s8", "[r1], #16", "[r9], #16")               \
  TG_MVE_NEXT_IF("0")                                               \
  TG_MVE_NEXT_IF("1")                                               \
  TG_MVE_NEXT_IF("2")                                               \
  "push       {r7}\n"                                               \
  "mov        r7, #(%c[steps] - 1) / %c[at_once]\n"                 \
  "1:\n"                                                            \
  TG_MVE_NEXT                                                       \
  ".if %c[at_once] > 1\n"                                           \
  TG_MVE_NEXT TG_MVE_NEXT TG_MVE_NEXT                               \
  ".endif\n"                                                        \
  "subs       r7, r7, #1\n"                                         \
  "bne        1b\n"                                                 \
  "pop        {r7}\n"                                               \
  "sub        r1, r1, #16 * %c[steps]\n"                            \
  "sub        r9, r9, #16 * %c[steps]\n"

#define TG_MVE_TO_VECTORS                   \
  "vmov       q0[2], q0[0], r0, r4\n"       \
  "vldrw.u32  q2, [r11], #16\n"             \
  "vmov       q0[3], q0[1], r2, r6\n"       \
  "vmov       q1[2], q1[0], r8, r12\n"      \
  "vldrw.u32  q3, [r11], #16\n"             \
  "vmov       q1[3], q1[1], r10, lr\n"

/* The code of a channel in row 0 in byte 2 of its lane of q0, that in row 1 in byte 0. */
#define TG_MVE_ONCE                         \
  "vqshl.s32    q0, q0, %[left_shift]\n"    \
  "vqshl.s32    q1, q1, %[left_shift]\n"    \
  "vqadd.s32    q0, q0, q2\n"               \
  "vqadd.s32    q1, q1, q2\n"               \
  "vrmulh.s32   q0, q0, q3\n"               \
  "vrmulh.s32   q1, q1, q3\n"               \
  "vshrnb.i32   q0, q1, #16\n"              \
  "vqrshrnb.s16 q0, q0, %[right_shift]\n"
#define TG_MVE_TWICE                        \
  "vadd.i32     q0, q0, q2\n"               \
  "vadd.i32     q1, q1, q2\n"               \
  "vqrdmulh.s32 q0, q0, q3\n"               \
  "vqrdmulh.s32 q1, q1, q3\n"               \
  "vldrw.u32    q2, [r11], #16\n"           \
  "vshr.s32     q3, q0, #31\n"              \
  "vadd.i32     q0, q0, q3\n"               \
  "vshr.s32     q3, q1, #31\n"              \
  "vadd.i32     q1, q1, q3\n"               \
  "vrshl.s32    q0, q0, q2\n"               \
  "vrshl.s32    q1, q1, q2\n"               \
  "vqmovnb.s32  q1, q1\n"                   \
  "vqmovnt.s32  q1, q0\n"                   \
  "mov          r0, %[zero_point]\n"        \
  "vqadd.s16    q1, q1, r0\n"               \
  "vqmovnb.s16  q0, q1\n"

#define TG_MVE_STORE                        \
  ".if %c[whole]\n"                         \
  "vstrb.32   q0, [r5], #4\n"               \
  "vshr.u32   q0, q0, #16\n"                \
  "vstrb.32   q0, [r3], #4\n"               \
  ".else\n"                                 \
  "vctp.32    r7\n"                         \
  "vpsttt\n"                                \
  "vstrbt.32  q0, [r5], #4\n"               \
  "vshrt.u32  q0, q0, #16\n"                \
  "vstrbt.32  q0, [r3], #4\n"               \
  ".endif\n"

/* On to the next pair; the stack says where they are told of. */
#define TG_MVE_ON                           \
  "ldr        r0, [sp]\n"                   \
  "ldr        r2, [r0, #24]\n"              \
  "subs       r2, r2, #1\n"                 \
  "str        r2, [r0, #24]\n"              \
  "beq        4f\n"                         \
  "ldrd       r4, r6, [r0, #28]\n"          \
  "ldr        r7, [r0, #12]\n"              \
  "ldr        r11, [r0, #20]\n"             \
  "add        r1, r1, r4\n"                 \
  "add        r9, r9, r4\n"                 \
  "add        r3, r3, r6\n"                 \
  "add        r5, r5, r6\n"                 \
  "b          2b\n"                         \
  "4:\n"                                    \
  "add        sp, sp, #8\n"

/* clang-format on */

/* All channels of pairs of rows; `pairs` holds nothing of use afterwards. */
TG_INLINE void tg_mve_blocks(struct tg_mve_block_pairs *pairs, const struct tg_mve_layer *layer) {
  register struct tg_mve_block_pairs *at __asm__("r0") = pairs;
  __asm__ volatile(
      "push {r0, r1}\n"
      "ldm  r0, {r1, r3, r5, r7, r9, r11}\n"
      "2:\n"
      ".if %c[steps] <= %c[in_row]\n" TG_MVE_FEW_STEPS ".else\n" TG_MVE_MANY_STEPS
      ".endif\n" TG_MVE_TO_VECTORS ".if %c[twice]\n" TG_MVE_TWICE ".else\n" TG_MVE_ONCE
      ".endif\n" TG_MVE_CLAMP TG_MVE_STORE
      "subs r7, r7, #4\n"
      "bgt  2b\n" TG_MVE_ON
      : "+r"(at), "+m"(*pairs)
      : [at_once] "i"(layer->small ? 1 : 4), [in_row] "i"(layer->small ? 1 : 12),
        TG_MVE_LAYER(layer)
      : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1",
        "q2", "q3", "cc", "p0", "memory");
}

#endif /* TG_MVE_BLOCK_H */
