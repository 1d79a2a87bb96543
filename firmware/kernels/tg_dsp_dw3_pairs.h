/* Depthwise 3x3 with a stride of 1: two rows of outputs at a time, for tg_depthwise_3x3.h. */
#ifndef TG_DSP_DW3_PAIRS_H
#define TG_DSP_DW3_PAIRS_H

#include "tg_dsp_dw3.h"

/* A column of pairs times one of weights: upper and lower sum, from these. */
#define TG_DSP_DW3_COLUMN(upper, from0, lower, from1, above, below) \
  "smlad   " upper ", r12, " above ", " from0                       \
  "\n"                                                              \
  "smlatb  " lower ", r12, " above ", " from1                       \
  "\n"                                                              \
  "smlabt  " upper ", lr, " below ", " upper                        \
  "\n"                                                              \
  "smlad   " lower ", lr, " below ", " lower "\n"

/* The codes of two rows by two columns. */
#define TG_DSP_DW3_CODES                                                                           \
  "ldr     r3, [sp, #8]\n"                                                                         \
  "ldrd    r12, lr, [r10], %[step]\n" TG_DSP_DW3_COLUMN(                                           \
      "r0", "r3", "r2", "r3", "r4",                                                                \
      "r7") "ldrd    r12, lr, [r10, %[column1]]\n" TG_DSP_DW3_COLUMN("r0", "r0", "r2", "r2", "r5", \
                                                                     "r8")                         \
      TG_DSP_DW3_COLUMN("r1", "r3", "r3", "r3", "r4",                                              \
                        "r7") "ldrd    r12, lr, [r10, %[column2]]\n" TG_DSP_DW3_COLUMN("r0", "r0", \
                                                                                       "r2", "r2", \
                                                                                       "r6", "r9") \
          TG_DSP_DW3_COLUMN(                                                                       \
              "r1", "r1", "r3", "r3", "r5",                                                        \
              "r8") "ldrd    r12, lr, [r10, %[column3]]\n" TG_DSP_DW3_COLUMN("r1", "r1", "r3",     \
                                                                             "r3", "r6", "r9")     \
              TG_DSP_DW3_OUTPUTS_4

/* Two rows by two columns; `then` moves on to the next block's output, r12 and lr being column and
 * row. A row that is not there lies on the upper one and is written first. */
#define TG_DSP_DW3_TWO(then)     \
  TG_DSP_DW3_CODES               \
  "ldrd    r12, lr, [sp, #20]\n" \
  "strb    r2, [r11, lr]\n"      \
  "add     r2, r12, lr\n"        \
  "strb    r3, [r11, r2]\n"      \
  "strb    r1, [r11, r12]\n"     \
  "strb    r0, [r11]\n"          \
  "add     r11, r11, " then "\n"

/* The same where distances are known, `on` bytes from r11; `last` follows the first output's code.
 */
#define TG_DSP_DW3_TWO_KNOWN(on, last)  \
  TG_DSP_DW3_CODES                      \
  "strb    r2, [r11, #%c[row] + " on    \
  "]\n"                                 \
  "strb    r3, [r11, #%c[across] + " on \
  "]\n"                                 \
  "strb    r1, [r11, #%c[column] + " on \
  "]\n"                                 \
  "strb    r0, [r11" last

/* Blocks of a loop: it is near to the next one where that is part of a store. */
#define TG_DSP_DW3_NEAR TG_DSP_DW3_TWO_KNOWN("0", "], #%c[advance]\n")
#define TG_DSP_DW3_NEAR_1 TG_DSP_DW3_NEAR
#define TG_DSP_DW3_NEAR_2 TG_DSP_DW3_NEAR TG_DSP_DW3_NEAR
#define TG_DSP_DW3_NEAR_3 TG_DSP_DW3_NEAR TG_DSP_DW3_NEAR TG_DSP_DW3_NEAR
#define TG_DSP_DW3_FAR(on) TG_DSP_DW3_TWO_KNOWN(on, ", #" on "]\n")
#define TG_DSP_DW3_FAR_1 TG_DSP_DW3_FAR("0") "add     r11, r11, #%c[advance]\n"
#define TG_DSP_DW3_FAR_2 \
  TG_DSP_DW3_FAR("0") TG_DSP_DW3_FAR("%c[advance]") "add     r11, r11, #2 * %c[advance]\n"
#define TG_DSP_DW3_FAR_3        \
  TG_DSP_DW3_FAR("0")           \
  TG_DSP_DW3_FAR("%c[advance]") \
  TG_DSP_DW3_FAR("2 * %c[advance]") "add     r11, r11, #3 * %c[advance]\n"

/* Two rows by one column, and on to the next two rows. */
#define TG_DSP_DW3_ONE \
  "ldr     r2, [sp, #8]\n"                                      \
  "ldrd    r12, lr, [r10], #4\n"                                \
  TG_DSP_DW3_COLUMN("r0", "r2", "r2", "r2", "r4", "r7")         \
  "ldrd    r12, lr, [r10, %[odd1]]\n"                           \
  TG_DSP_DW3_COLUMN("r0", "r0", "r2", "r2", "r5", "r8")         \
  "ldrd    r12, lr, [r10, %[odd2]]\n"                           \
  TG_DSP_DW3_COLUMN("r0", "r0", "r2", "r2", "r6", "r9")         \
  TG_DSP_DW3_OUTPUTS_2("r0", "r2")                              \
  "ldr     lr, [sp, #24]\n"                                     \
  "strb    r2, [r11, lr]\n"                                     \
  "strb    r0, [r11]\n"                                         \
  "add     r11, r11, lr, lsl #1\n"

/* A column of pairs times one of weights, of the upper row alone. */
#define TG_DSP_DW3_UPPER(sum, from, above, below) \
  "smlad   " sum ", r12, " above ", " from        \
  "\n"                                            \
  "smlabt  " sum ", lr, " below ", " sum "\n"

/* One row by four columns, at distances that are known. */
#define TG_DSP_DW3_ROW_OF_FOUR                                                                    \
  "ldr     r3, [sp, #8]\n"                                                                        \
  "ldrd    r12, lr, [r10], #4 * %c[pixel]\n" TG_DSP_DW3_UPPER(                                    \
      "r0", "r3", "r4",                                                                           \
      "r7") "ldrd    r12, lr, [r10, #-3 * %c[pixel]]\n" TG_DSP_DW3_UPPER("r0", "r0", "r5", "r8")  \
      TG_DSP_DW3_UPPER(                                                                           \
          "r1", "r3", "r4",                                                                       \
          "r7") "ldrd    r12, lr, [r10, #-2 * %c[pixel]]\n" TG_DSP_DW3_UPPER("r0", "r0", "r6",    \
                                                                             "r9")                \
          TG_DSP_DW3_UPPER("r1", "r1", "r5", "r8") TG_DSP_DW3_UPPER(                              \
              "r2", "r3", "r4",                                                                   \
              "r7") "ldrd    r12, lr, [r10, #-%c[pixel]]\n" TG_DSP_DW3_UPPER("r1", "r1", "r6",    \
                                                                             "r9")                \
              TG_DSP_DW3_UPPER("r2", "r2", "r5", "r8") TG_DSP_DW3_UPPER(                          \
                  "r3", "r3", "r4", "r7") "ldrd    r12, lr, [r10]\n" TG_DSP_DW3_UPPER("r2", "r2", \
                                                                                      "r6", "r9") \
                  TG_DSP_DW3_UPPER(                                                               \
                      "r3", "r3", "r5",                                                           \
                      "r8") "ldrd    r12, lr, [r10, #%c[pixel]]\n" TG_DSP_DW3_UPPER("r3", "r3",   \
                                                                                    "r6", "r9")   \
                      TG_DSP_DW3_OUTPUTS_4                                                        \
      "strb    r0, [r11]\n"                                                                       \
      "strb    r1, [r11, #%c[column]]\n"                                                          \
      "add     r11, r11, #2 * %c[column]\n"                                                       \
      "strb    r2, [r11]\n"                                                                       \
      "strb    r3, [r11, #%c[column]]\n"                                                          \
      "add     r11, r11, #2 * %c[column]\n"

/* And by one. */
#define TG_DSP_DW3_ROW_OF_ONE \
  "ldr     r0, [sp, #8]\n"                     \
  "ldrd    r12, lr, [r10], #%c[pixel]\n"       \
  TG_DSP_DW3_UPPER("r0", "r0", "r4", "r7")     \
  "ldrd    r12, lr, [r10]\n"                   \
  TG_DSP_DW3_UPPER("r0", "r0", "r5", "r8")     \
  "ldrd    r12, lr, [r10, #%c[pixel]]\n"       \
  TG_DSP_DW3_UPPER("r0", "r0", "r6", "r9")     \
  TG_DSP_DW3_OUTPUTS_1                         \
  "strb    r0, [r11]\n"                        \
  "add     r11, r11, #%c[column]\n"

/* The single row behind twos of rows: none in code that layers share. */
#define TG_DSP_DW3_SINGLE                                         \
  ".if     %c[width]\n"                                           \
  "ldrd    r12, lr, [sp, #76]\n"                                  \
  "cmp     r12, #0\n"                                             \
  "beq     7f\n"                                                  \
  "ldr     r12, [sp, #84]\n"                                      \
  "add     r10, r10, lr\n"                                        \
  "add     r11, r11, r12\n"                                       \
  ".if     %c[width] / 4\n"                                       \
  "movw    r12, #%c[width] / 4 * 4 * %c[pixel]\n"                 \
  "add     r12, r12, r10\n"                                       \
  "str     r12, [sp, #12]\n"                                      \
  "6:\n" TG_DSP_DW3_ROW_OF_FOUR                                   \
  "ldr     r12, [sp, #12]\n"                                      \
  "cmp     r10, r12\n"                                            \
  "bne     6b\n"                                                  \
  ".endif\n"                                                      \
  ".rept   %c[width] - %c[width] / 4 * 4\n" TG_DSP_DW3_ROW_OF_ONE \
  ".endr\n"                                                       \
  "ldrd    r10, r11, [sp, #44]\n"                                 \
  "7:\n"                                                          \
  ".endif\n"

/* r0 to r3   sums: upper row, lower row; r3 or r2 is the bias before it is a sum
 * r4 to r9   weights (w0, w1), then (w1, w2), of three columns
 * r10, r11   where pairs are read, where outputs are written
 * r12, lr    P and Q; then m and k; then distances
 * r10, r11   a channel's shift, and a sum's sign, where sums are rounded twice
 * stack      struct tg_dsp_dw3 */
#define TG_DSP_DW3_RUN(blocks, step_, gap, shift, column_, row_, advance_, width_)              \
  __asm__ volatile(                                                                             \
      TG_DSP_DW3_ENTER "1:\n" TG_DSP_DW3_CHANNEL                                                \
                       "cmp     r12, r10\n"                                                     \
                       "beq     5f\n"                                                           \
                       "2:\n" /* an inner loop */                                               \
                       "ldr     r12, [sp, #36]\n"                                               \
                       "add     r12, r12, r10\n"                                                \
                       "str     r12, [sp, #12]\n"                                               \
                       "3:\n" blocks                                                            \
                       "ldr     lr, [sp, #12]\n"                                                \
                       "cmp     r10, lr\n"                                                      \
                       "bne     3b\n"                                                           \
                       "ldrd    r12, lr, [sp, #28]\n"                                           \
                       "add     r10, r10, r12\n"                                                \
                       "add     r11, r11, lr\n"                                                 \
                       "ldr     r12, [sp, #16]\n"                                               \
                       "cmp     r10, r12\n"                                                     \
                       "bne     2b\n"                                                           \
                       "ldrd    r10, r11, [sp, #44]\n" /* the odd column */                     \
                       "ldr     r3, [sp, #60]\n"                                                \
                       "cmp     r3, #0\n"                                                       \
                       "beq     5f\n"                                                           \
                       "ldrd    r12, lr, [sp, #52]\n"                                           \
                       "add     r10, r10, r12\n"                                                \
                       "add     r11, r11, lr\n"                                                 \
                       "add     r3, r3, r10\n"                                                  \
                       "4:\n" TG_DSP_DW3_ONE                                                    \
                       "cmp     r10, r3\n"                                                      \
                       "bne     4b\n"                                                           \
                       "ldrd    r10, r11, [sp, #44]\n"                                          \
                       "5:\n" TG_DSP_DW3_SINGLE TG_DSP_DW3_NEXT "bne     1b\n" TG_DSP_DW3_LEAVE \
      : "+r"(run_)                                                                              \
      : [step] "i"(step_), [s] "i"(shift), [column1] "i"(16 * (gap) - (step_)),                 \
        [column2] "i"(32 * (gap) - (step_)), [column3] "i"(48 * (gap) - (step_)),               \
        [column] "i"(column_), [row] "i"(row_), [across] "i"((column_) + (row_)),               \
        [advance] "i"(advance_), [pixel] "i"(16 * (gap)), [width] "i"(width_),                  \
        [odd1] "i"(16 * (gap) - 4), [odd2] "i"(32 * (gap) - 4)                                  \
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")

/* The inner loop goes along a row of outputs, or down two columns. */
#define TG_DSP_DW3_FUNCTIONS(gap, shift)                                               \
  TG_DSP_SHARED void tg_dsp_dw3_along_##gap##_##shift(const struct tg_dsp_dw3 *run) {  \
    register const struct tg_dsp_dw3 *run_ __asm__("r0") = run;                        \
    TG_DSP_DW3_RUN(TG_DSP_DW3_TWO("r12, lsl #1"), 32 * (gap), gap, shift, 0, 0, 0, 0); \
  }                                                                                    \
  TG_DSP_SHARED void tg_dsp_dw3_down_##gap##_##shift(const struct tg_dsp_dw3 *run) {   \
    register const struct tg_dsp_dw3 *run_ __asm__("r0") = run;                        \
    TG_DSP_DW3_RUN(TG_DSP_DW3_TWO("lr, lsl #1"), 4, gap, shift, 0, 0, 0, 0);           \
  }

TG_DSP_DW3_SHIFTS(TG_DSP_DW3_FUNCTIONS, 4)
TG_DSP_DW3_SHIFTS(TG_DSP_DW3_FUNCTIONS, 8)
TG_DSP_DW3_SHIFTS(TG_DSP_DW3_FUNCTIONS, 14)

#endif /* TG_DSP_DW3_PAIRS_H */
