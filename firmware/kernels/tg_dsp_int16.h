/* What the kernels for int16 activations and int8 weights share on cores with the DSP extension.
 *
 * Two activations are a word as they lie in memory. The weights of two output channels for them
 * are one word of flash, (c0 w0, c1 w0, c0 w1, c1 w1): SXTB16 gives the pair of the one channel,
 * with a rotation by 8 that of the other, and SMLAD adds two products. Sums are of 32 bits, which
 * is proved of each layer to be enough.
 *
 * The specification's one rounding, (sum m + 2^(s-1)) >> s with 15 bits of m and 16 <= s <= 32, is
 * SMMULR(sum, m 2^(32-s)), whatever the sum: both sides of the division by 2^s are multiplied by
 * 2^(32-s), and the product still fits. SSAT holds the result within int16; USAT does that and is
 * the ReLU.
 */
#ifndef TG_DSP_INT16_H
#define TG_DSP_INT16_H

#include "tg_dsp.h"

#define TG_DSP_INT16_ALL(sum) "ssat    " sum ", #16, " sum "\n"
#define TG_DSP_INT16_RELU(sum) "usat    " sum ", #15, " sum "\n"

/* From a sum to its code; `saturate` is one of the two above. */
#define TG_DSP_INT16_CODE(saturate, sum, m) "smmulr  " sum ", " sum ", " m "\n" saturate(sum)

/* The codes of two neighbouring channels as the word that is written, in place of the first sum. */
#define TG_DSP_INT16_CODES(saturate, sum0, sum1, m0, m1) \
  TG_DSP_INT16_CODE(saturate, sum0, m0)                  \
  TG_DSP_INT16_CODE(saturate, sum1, m1)                  \
  "pkhbt   " sum0 ", " sum0 ", " sum1 ", lsl #16\n"

#endif /* TG_DSP_INT16_H */
