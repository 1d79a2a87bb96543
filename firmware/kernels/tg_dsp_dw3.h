/* What the inner parts of tg_depthwise_3x3.h are given. */
#ifndef TG_DSP_DW3_H
#define TG_DSP_DW3_H

#include "tg_dsp.h"

/* Outputs of some channels: an outer loop of an inner loop of blocks of two rows by two columns.
 * The fields lie as the stack does below; distances are in bytes. */
struct tg_dsp_dw3 {
  int32_t m; /* of the channel, from its weights */
  int32_t k;
  int32_t bias;
  int32_t inner_end; /* where pairs are read when the inner loop has ended, and the outer one */
  int32_t outer_end;
  int32_t column; /* from an output to the right one and to the lower one; 0 where there is none */
  int32_t row;
  int32_t next_pair; /* from the end of an inner loop to the next one's beginning */
  int32_t next_output;
  int32_t inner; /* that pairs advance */
  int32_t outer;
  const uint32_t *pairs; /* the channel's first block */
  int8_t *output;
  int32_t odd_pair; /* from there to the last column of an odd width */
  int32_t odd_output;
  int32_t odd;   /* that pairs advance there; 0 of an even width */
  int32_t plane; /* from channel to channel */
  int32_t number;
  const int32_t *weights;
  int32_t single;      /* not 0: a last row of outputs is one, for code that is a layer's own */
  int32_t single_pair; /* from the channel's first block to that row */
  int32_t single_output;
};

/* Two int16 in a word. */
TG_INLINE uint32_t tg_dsp_dw3_pair(int32_t low, int32_t high) {
  return ((uint32_t)low & 0xffffu) | (uint32_t)high << 16;
}

/* Codes of sums: with %[s] 0 the shift is the channel's, and the sum is rounded twice. */
#define TG_DSP_DW3_ONCE(sum) \
  "smmlar  " sum ", " sum    \
  ", r12, lr\n"              \
  "ssat    " sum ", #8, " sum ", asr #%c[s]\n"
#define TG_DSP_DW3_TWICE(sum) \
  "add     r11, lr, " sum     \
  ", asr #31\n"               \
  "smmlar  " sum ", " sum     \
  ", r12, r11\n"              \
  "asr     " sum ", " sum     \
  ", r10\n"                   \
  "ssat    " sum ", #8, " sum "\n"
#define TG_DSP_DW3_OUTPUTS(once, twice) \
  "ldrd    r12, lr, [sp]\n"             \
  ".if     %c[s]\n" once                \
  ".else\n"                             \
  "strd    r10, r11, [sp, #92]\n"       \
  "ldr     r10, [sp, #88]\n" twice      \
  "ldrd    r10, r11, [sp, #92]\n"       \
  ".endif\n"
#define TG_DSP_DW3_OUTPUTS_1 TG_DSP_DW3_OUTPUTS(TG_DSP_DW3_ONCE("r0"), TG_DSP_DW3_TWICE("r0"))
#define TG_DSP_DW3_OUTPUTS_2(a, b) \
  TG_DSP_DW3_OUTPUTS(TG_DSP_DW3_ONCE(a) TG_DSP_DW3_ONCE(b), TG_DSP_DW3_TWICE(a) TG_DSP_DW3_TWICE(b))
#define TG_DSP_DW3_OUTPUTS_4                                                                   \
  TG_DSP_DW3_OUTPUTS(                                                                          \
      TG_DSP_DW3_ONCE("r0") TG_DSP_DW3_ONCE("r1") TG_DSP_DW3_ONCE("r2") TG_DSP_DW3_ONCE("r3"), \
      TG_DSP_DW3_TWICE("r0") TG_DSP_DW3_TWICE("r1") TG_DSP_DW3_TWICE("r2") TG_DSP_DW3_TWICE("r3"))

/* The struct at r0 becomes the stack, with a channel's shift and room for two registers behind it;
 * r7, which may be somebody's frame pointer, is kept below. */
#define TG_DSP_DW3_ENTER    \
  "push    {r7}\n"          \
  "sub     sp, sp, #12\n"   \
  "add     r12, r0, #44\n"  \
  "ldm     r12, {r1-r11}\n" \
  "push    {r1-r11}\n"      \
  "ldm     r0, {r1-r11}\n"  \
  "push    {r1-r11}\n"
#define TG_DSP_DW3_LEAVE   \
  "add     sp, sp, #100\n" \
  "pop     {r7}\n"

/* The channel's weights, and where its outer loop begins and ends: at once where there is none. */
#define TG_DSP_DW3_CHANNEL        \
  "ldr     r12, [sp, #72]\n"      \
  "ldm     r12!, {r4-r9}\n"       \
  "ldm     r12!, {r0, r1, r2}\n"  \
  "stm     sp, {r0, r1, r2}\n"    \
  ".if     %c[s] == 0\n"          \
  "ldr     r0, [r12], #4\n"       \
  "str     r0, [sp, #88]\n"       \
  ".endif\n"                      \
  "str     r12, [sp, #72]\n"      \
  "ldrd    r10, r11, [sp, #44]\n" \
  "ldr     r12, [sp, #40]\n"      \
  "add     r12, r12, r10\n"       \
  "str     r12, [sp, #16]\n"

/* From the first block of a channel, r10 and r11, to the next one's; equal if there is none. */
#define TG_DSP_DW3_NEXT           \
  "ldrd    r12, lr, [sp, #64]\n"  \
  "add     r10, r10, r12\n"       \
  "add     r11, r11, #1\n"        \
  "strd    r10, r11, [sp, #44]\n" \
  "subs    lr, lr, #1\n"          \
  "str     lr, [sp, #68]\n"

/* For every shift S of SSAT8(SMMLAR(sum, m, k) ASR S), and 0 for
 * SSAT8(SMMLAR(sum, m, k + (sum ASR 31)) ASR S) with a channel's own S. */
#define TG_DSP_DW3_SHIFTS(each, gap)                                                             \
  each(gap, 0) each(gap, 8) each(gap, 9) each(gap, 10) each(gap, 11) each(gap, 12) each(gap, 13) \
      each(gap, 14) each(gap, 15)

#endif /* TG_DSP_DW3_H */
