/* Products of Winograd's transformed tiles: four tiles times two output channels at a time.
 *
 * Of two input channels the tiles are four words, the weights two. In r0 to r7 are sums: r0, r1 of
 * the first tile's two channels, and so on; r8, r9 are weights, r10, r11 two tiles, r12 and lr
 * where weights and tiles are read.
 */
#ifndef TG_DSP_TILES_H
#define TG_DSP_TILES_H

#include "tg_dsp.h"

/* The first two input channels start the sums. */
#define TG_DSP_TILES_START       \
  "ldrd    r8, r9, [r12], #8\n"  \
  "ldrd    r10, r11, [lr], #8\n" \
  "smuad   r0, r10, r8\n"        \
  "smuad   r1, r10, r9\n"        \
  "smuad   r2, r11, r8\n"        \
  "smuad   r3, r11, r9\n"        \
  "ldrd    r10, r11, [lr], #8\n" \
  "smuad   r4, r10, r8\n"        \
  "smuad   r5, r10, r9\n"        \
  "smuad   r6, r11, r8\n"        \
  "smuad   r7, r11, r9\n"

/* Two more. */
#define TG_DSP_TILES_STEP        \
  "ldrd    r8, r9, [r12], #8\n"  \
  "ldrd    r10, r11, [lr], #8\n" \
  "smlad   r0, r10, r8, r0\n"    \
  "smlad   r1, r10, r9, r1\n"    \
  "smlad   r2, r11, r8, r2\n"    \
  "smlad   r3, r11, r9, r3\n"    \
  "ldrd    r10, r11, [lr], #8\n" \
  "smlad   r4, r10, r8, r4\n"    \
  "smlad   r5, r10, r9, r5\n"    \
  "smlad   r6, r11, r8, r6\n"    \
  "smlad   r7, r11, r9, r7\n"

#endif /* TG_DSP_TILES_H */
