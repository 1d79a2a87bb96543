/* Eight elements of two inputs and of the output, in the loops of ADD and MUL.
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

/* clang-format on */

#endif /* TG_MVE_EIGHT_H */
