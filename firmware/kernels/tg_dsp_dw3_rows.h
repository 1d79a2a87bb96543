/* Depthwise 3x3 with a stride of 2: a row of outputs at a time, for tg_depthwise_3x3.h.
 *
 * A pair of rows begins where a row of windows does: of the next one the lower halves are the third
 * row. Pairs are four to a column, or offsets would be too far.
 */
#ifndef TG_DSP_DW3_ROWS_H
#define TG_DSP_DW3_ROWS_H

#include "tg_dsp_dw3.h"

/* Columns are 64 bytes apart. */
#define TG_DSP_DW3_LOAD(column, step) "ldrd    r12, lr, [r10, #64 * " column " - " step "]\n"

/* A column of pairs times one of weights, added to `from`. */
#define TG_DSP_DW3_TAPS(sum, from, above, below) \
  "smlad   " sum ", r12, " above ", " from       \
  "\n"                                           \
  "smlabt  " sum ", lr, " below ", " sum "\n"

/* One output more in a row: what is left of its window, whose first column is loaded. */
#define TG_DSP_DW3_WINDOW(sum, bias, second, third, step) \
  TG_DSP_DW3_TAPS(sum, bias, "r4", "r7")                  \
  TG_DSP_DW3_LOAD(second, step)                           \
  TG_DSP_DW3_TAPS(sum, sum, "r5", "r8")                   \
  TG_DSP_DW3_LOAD(third, step) TG_DSP_DW3_TAPS(sum, sum, "r6", "r9")

#define TG_DSP_DW3_FOUR                                                           \
  "ldr     r3, [sp, #8]\n"                                                        \
  "ldrd    r12, lr, [r10], #512\n" TG_DSP_DW3_WINDOW("r0", "r3", "1", "2", "512") \
      TG_DSP_DW3_WINDOW("r1", "r3", "3", "4", "512")                              \
          TG_DSP_DW3_WINDOW("r2", "r3", "5", "6", "512")                          \
              TG_DSP_DW3_WINDOW("r3", "r3", "7", "8", "512") TG_DSP_DW3_OUTPUTS_4 \
      "ldr     r12, [sp, #20]\n"                                                  \
      "strb    r0, [r11]\n"                                                       \
      "strb    r1, [r11, r12]\n"                                                  \
      "add     r11, r11, r12, lsl #1\n"                                           \
      "strb    r2, [r11]\n"                                                       \
      "strb    r3, [r11, r12]\n"                                                  \
      "add     r11, r11, r12, lsl #1\n"

#define TG_DSP_DW3_TWO_MORE \
  "ldr     r1, [sp, #8]\n"                                       \
  "ldrd    r12, lr, [r10], #256\n"                               \
  TG_DSP_DW3_WINDOW("r0", "r1", "1", "2", "256")                 \
  TG_DSP_DW3_WINDOW("r1", "r1", "3", "4", "256")                 \
  TG_DSP_DW3_OUTPUTS_2("r0", "r1")                               \
  "ldr     r12, [sp, #20]\n"                                     \
  "strb    r0, [r11]\n"                                          \
  "strb    r1, [r11, r12]\n"                                     \
  "add     r11, r11, r12, lsl #1\n"

#define TG_DSP_DW3_ONE_MORE                                                       \
  "ldr     r0, [sp, #8]\n"                                                        \
  "ldrd    r12, lr, [r10], #128\n" TG_DSP_DW3_WINDOW("r0", "r0", "1", "2", "128") \
      TG_DSP_DW3_OUTPUTS_1                                                        \
      "ldr     r12, [sp, #20]\n"                                                  \
      "strb    r0, [r11]\n"                                                       \
      "add     r11, r11, r12\n"

/* r0 to r3   sums; the last one is the bias before it is a sum
 * r4 to r9   weights (w0, w1), then (w1, w2), of three columns
 * r10, r11   where pairs are read, where outputs are written
 * r12, lr    a column's pairs; then m and k; then distances
 * stack      struct tg_dsp_dw3, of which `odd` is how many outputs of a row are not in fours */
#define TG_DSP_DW3_RUN_ROWS(shift)                                                              \
  __asm__ volatile(TG_DSP_DW3_ENTER "1:\n" TG_DSP_DW3_CHANNEL                                   \
                                    "2:\n" /* a row */                                          \
                                    "ldr     r12, [sp, #36]\n"                                  \
                                    "adds    lr, r12, r10\n"                                    \
                                    "str     lr, [sp, #12]\n"                                   \
                                    "cmp     r12, #0\n"                                         \
                                    "beq     4f\n"                                              \
                                    "3:\n" TG_DSP_DW3_FOUR                                      \
                                    "ldr     lr, [sp, #12]\n"                                   \
                                    "cmp     r10, lr\n"                                         \
                                    "bne     3b\n"                                              \
                                    "4:\n"                                                      \
                                    "ldr     r12, [sp, #60]\n"                                  \
                                    "tst     r12, #2\n"                                         \
                                    "beq     5f\n" TG_DSP_DW3_TWO_MORE                          \
                                    "5:\n"                                                      \
                                    "ldr     r12, [sp, #60]\n"                                  \
                                    "tst     r12, #1\n"                                         \
                                    "beq     6f\n" TG_DSP_DW3_ONE_MORE                          \
                                    "6:\n"                                                      \
                                    "ldrd    r12, lr, [sp, #28]\n"                              \
                                    "add     r10, r10, r12\n"                                   \
                                    "add     r11, r11, lr\n"                                    \
                                    "ldr     r12, [sp, #16]\n"                                  \
                                    "cmp     r10, r12\n"                                        \
                                    "bne     2b\n"                                              \
                                    "ldrd    r10, r11, [sp, #44]\n" TG_DSP_DW3_NEXT             \
                                    "bne     1b\n" TG_DSP_DW3_LEAVE                             \
                   : "+r"(run_)                                                                 \
                   : [s] "i"(shift)                                                             \
                   : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", \
                     "cc", "memory")

#define TG_DSP_DW3_ROWS_FUNCTION(gap, shift)                                 \
  TG_DSP_SHARED void tg_dsp_dw3_rows_##shift(const struct tg_dsp_dw3 *run) { \
    register const struct tg_dsp_dw3 *run_ __asm__("r0") = run;              \
    TG_DSP_DW3_RUN_ROWS(shift);                                              \
  }

TG_DSP_DW3_SHIFTS(TG_DSP_DW3_ROWS_FUNCTION, 4)

#endif /* TG_DSP_DW3_ROWS_H */
