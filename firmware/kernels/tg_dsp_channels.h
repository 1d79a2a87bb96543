/* Four neighbouring channels of int8 NHWC pixels at a time, in one word: sums and maxima. */
#ifndef TG_DSP_CHANNELS_H
#define TG_DSP_CHANNELS_H

#include "tg_dsp.h"

/* Sums of up to 256 codes for each of four channels, as int16. */
struct tg_dsp_sums {
  uint32_t even; /* channels 0 and 2 */
  uint32_t odd;  /* channels 1 and 3 */
};

TG_INLINE struct tg_dsp_sums tg_dsp_plus(struct tg_dsp_sums sums, uint32_t word) {
  __asm__(
      "sxtab16 %[even], %[even], %[word]\n"
      "sxtab16 %[odd], %[odd], %[word], ror #8\n"
      : [even] "+r"(sums.even), [odd] "+r"(sums.odd)
      : [word] "r"(word));
  return sums;
}

/* What channel `i` has. */
TG_INLINE int32_t tg_dsp_sum(struct tg_dsp_sums sums, int32_t i) {
  const uint32_t half = (i & 1 ? sums.odd : sums.even) >> (i & 2 ? 16 : 0);
  return (int16_t)(half & 0xffffu);
}

/* `count` pixels more, `step` bytes apart, of which `channels` are there. */
TG_INLINE struct tg_dsp_sums tg_dsp_plus_pixels(struct tg_dsp_sums sums, const int8_t *from,
                                                int32_t count, int32_t step, int32_t channels) {
  for (; count >= 2; count -= 2) {
    sums = tg_dsp_plus(sums, tg_dsp_rest(from, channels));
    sums = tg_dsp_plus(sums, tg_dsp_rest(from + step, channels));
    from += 2 * step;
  }
  return count != 0 ? tg_dsp_plus(sums, tg_dsp_rest(from, channels)) : sums;
}

/* The greater code of each channel. */
TG_INLINE uint32_t tg_dsp_greater(uint32_t a, uint32_t b) {
  uint32_t greater;
  __asm__(
      "ssub8   %[greater], %[a], %[b]\n"
      "sel     %[greater], %[a], %[b]\n"
      : [greater] "=&r"(greater)
      : [a] "r"(a), [b] "r"(b));
  return greater;
}

/* The greatest of these and of `count` pixels, as in `tg_dsp_plus_pixels`. */
TG_INLINE uint32_t tg_dsp_greatest(uint32_t greatest, const int8_t *from, int32_t count,
                                   int32_t step, int32_t channels) {
  for (; count >= 2; count -= 2) {
    greatest = tg_dsp_greater(greatest, tg_dsp_rest(from, channels));
    greatest = tg_dsp_greater(greatest, tg_dsp_rest(from + step, channels));
    from += 2 * step;
  }
  return count != 0 ? tg_dsp_greater(greatest, tg_dsp_rest(from, channels)) : greatest;
}

/* And the lesser one. */
TG_INLINE uint32_t tg_dsp_lesser(uint32_t a, uint32_t b) {
  uint32_t lesser;
  __asm__(
      "ssub8   %[lesser], %[a], %[b]\n"
      "sel     %[lesser], %[b], %[a]\n"
      : [lesser] "=&r"(lesser)
      : [a] "r"(a), [b] "r"(b));
  return lesser;
}

/* One code four times. */
TG_INLINE uint32_t tg_dsp_four(int32_t code) {
  return (uint32_t)(uint8_t)code * 0x01010101u;
}

#endif /* TG_DSP_CHANNELS_H */
