/* From an accumulator to its int8 code by one floor of an affine function, without double rounding:
 * the numbers of each channel are found and proved where the code is written, for every accumulator
 * that there can be (tinygen/engines/aot/requantize/affine.py).
 */
#ifndef TG_AFFINE_H
#define TG_AFFINE_H

#include <stdint.h>

#include "tg_fixed_point.h"

/* Whether the compiler has a name for 32-bit Thumb without Thumb-2: Armv6-M, with eight registers
 * that most instructions reach and no product wider than 32 bits. */
#if defined(__thumb__) && !defined(__thumb2__) && defined(__GNUC__)
#define TG_ARMV6M 1
#else
#define TG_ARMV6M 0
#endif

/* A layer's numbers. */
struct tg_scale {
  int32_t split; /* bits: see below */
  int32_t shift; /* to the right, from fractions of a code to codes */
  int32_t wide;  /* 1 where the core multiplies 32 by 32 bits to 64 */
  int32_t falls; /* 1 where sums below zero have less of an offset */
  int32_t each; /* 1 where each channel has numbers of its own, 0 where all but biases are common */
};

/* A channel's. */
struct tg_channel {
  int32_t bias;        /* with the input's zero point, less the greatest sum of the lowest code */
  int32_t limit;       /* the biased sum from which on the code is the highest */
  uint32_t multiplier; /* codes per sum, times 2^(shift + split), or 2^(shift + 32 - split) */
  uint32_t offset;     /* the lowest code and the fraction of a code at sum 0, times 2^shift */
  int32_t zero;        /* what is left of zero in the biased sums, and how much less the offset */
  uint32_t fall;       /* is below it; only where the layer falls */
};

/* Of the layer's streams: a bias for each channel; three words for each or for all, or five. */
TG_INLINE struct tg_channel tg_channel_at(const TG_FLASH int32_t *bias,
                                          const TG_FLASH int32_t *numbers, int32_t channel,
                                          const struct tg_scale *scale) {
  const TG_FLASH int32_t *at = scale->each ? numbers + (scale->falls ? 5 : 3) * channel : numbers;
  struct tg_channel found = {bias[channel], at[0], (uint32_t)at[1], (uint32_t)at[2], 0, 0};
  if (scale->falls) {
    found.zero = at[3];
    found.fall = (uint32_t)at[4];
  }
  return found;
}

/* The code of a biased sum. Where products have 32 bits, that with a multiplier is made of two,
 * exactly: those of its upper bits and of its lower `split` bits, which do not overflow. */
TG_INLINE int8_t tg_affine(int32_t sum, const struct tg_channel *channel,
                           const struct tg_scale *scale) {
  const int32_t least = sum < 0 ? 0 : sum;
  const int32_t clamped = least > channel->limit ? channel->limit : least;
  const uint32_t x = (uint32_t)clamped;
  uint32_t scaled = channel->offset;
  if (scale->falls && clamped < channel->zero) {
    scaled -= channel->fall;
  }
  if (scale->wide) {
    scaled += (uint32_t)(((uint64_t)(x << scale->split) * channel->multiplier) >> 32);
  } else {
    const uint32_t low = channel->multiplier & (((uint32_t)1 << scale->split) - 1u);
    scaled += x * (channel->multiplier >> scale->split) + ((x * low) >> scale->split);
  }
  return (int8_t)(uint8_t)(scaled >> scale->shift);
}

#endif /* TG_AFFINE_H */
