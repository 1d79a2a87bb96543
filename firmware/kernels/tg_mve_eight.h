/* Eight elements of two inputs and of the output, in the loops of ADD and MUL, and how eight sums
 * become codes.
 *
 * Where the elements are no multiple of eight, `left` says how many there are. Only what reads and
 * writes memory is predicated: of a sum of 32 bits half an element would be left out.
 */
#ifndef TG_MVE_EIGHT_H
#define TG_MVE_EIGHT_H

#include "tg_fixed_point.h"

/* clang-format off */

#define TG_MVE_EIGHT_LOADS                  \
  ".if %c[count] & 7\n"                     \
  "vctp.16    %[left]\n"                    \
  "sub        %[left], %[left], #8\n"       \
  "vpstt\n"                                 \
  "vldrbt.s16 q0, [%[input0]], #8\n"        \
  "vldrbt.s16 q2, [%[input1]], #8\n"        \
  ".else\n"                                 \
  "vldrb.s16  q0, [%[input0]], #8\n"        \
  "vldrb.s16  q2, [%[input1]], #8\n"        \
  ".endif\n"

#define TG_MVE_EIGHT_STORE                  \
  ".if %c[count] & 7\n"                     \
  "vpst\n"                                  \
  "vstrbt.16  q1, [%[output]], #8\n"        \
  ".else\n"                                 \
  "vstrb.16   q1, [%[output]], #8\n"        \
  ".endif\n"

/* Of sums, the even ones in q0, the odd ones in q1: their codes in the lower bytes of q1, as
 * mve/tg_layer.h has it. q4 is 2^n or the shift; q2 and q3 are lost. */
#define TG_MVE_EIGHT_CODES                  \
  ".if %c[twice]\n"                         \
  "vqrdmulh.s32 q0, q0, %[multiplier]\n"    \
  "vqrdmulh.s32 q1, q1, %[multiplier]\n"    \
  "vshr.s32     q2, q0, #31\n"              \
  "vshr.s32     q3, q1, #31\n"              \
  "vadd.i32     q0, q0, q2\n"               \
  "vadd.i32     q1, q1, q3\n"               \
  "vrshl.s32    q0, q0, q4\n"               \
  "vrshl.s32    q1, q1, q4\n"               \
  "vqmovnb.s32  q0, q0\n"                   \
  "vqmovnt.s32  q0, q1\n"                   \
  "vqadd.s16    q0, q0, %[zero_point]\n"    \
  "vqmovnb.s16  q1, q0\n"                   \
  ".else\n"                                 \
  "vmlas.u32    q0, q4, %[addend]\n"        \
  "vmlas.u32    q1, q4, %[addend]\n"        \
  "vqrdmulh.s32 q0, q0, %[multiplier]\n"    \
  "vqrdmulh.s32 q1, q1, %[multiplier]\n"    \
  "vshrnb.i32   q1, q0, #16\n"              \
  "vqrshrnb.s16 q1, q1, %[right]\n"         \
  ".endif\n"

/* clang-format on */

#endif /* TG_MVE_EIGHT_H */
