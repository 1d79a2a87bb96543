/* Sums of int8 NHWC pixels with Helium, for each channel: of up to 256 codes, as int16. */
#ifndef TG_MVE_SUMS_H
#define TG_MVE_SUMS_H

#include <arm_mve.h>

#include "tg_fixed_point.h"

/* Of sixteen channels. */
struct tg_mve_sums {
  int16x8_t first;
  int16x8_t second;
};

/* `count` pixels more, `step` bytes apart. */
TG_INLINE struct tg_mve_sums tg_mve_sums_plus(struct tg_mve_sums sums, const int8_t *from,
                                              int32_t count, int32_t step) {
  int16x8_t first, second;
  __asm__ volatile(
      "wls        lr, %[count], 2f\n"
      "1:\n"
      "vldrb.s16  %q[first], [%[from]]\n"
      "vldrb.s16  %q[second], [%[from], #8]\n"
      "vadd.i16   %q[sum0], %q[sum0], %q[first]\n"
      "add        %[from], %[from], %[step]\n"
      "vadd.i16   %q[sum1], %q[sum1], %q[second]\n"
      "le         lr, 1b\n"
      "2:\n"
      : [sum0] "+w"(sums.first), [sum1] "+w"(sums.second), [first] "=&w"(first),
        [second] "=&w"(second), [from] "+l"(from)
      : [count] "r"(count), [step] "r"(step)
      : "lr", "memory");
  return sums;
}

/* The same for `some` of eight channels. */
TG_INLINE int16x8_t tg_mve_sums_plus_some(int16x8_t sums, const int8_t *from, int32_t count,
                                          int32_t step, mve_pred16_t some) {
  int16x8_t pixel;
  __asm__ volatile(
      "vmsr       p0, %[some]\n"
      "wls        lr, %[count], 2f\n"
      "1:\n"
      "vpst\n"
      "vldrbt.s16 %q[pixel], [%[from]]\n"
      "add        %[from], %[from], %[step]\n"
      "vadd.i16   %q[sums], %q[sums], %q[pixel]\n"
      "le         lr, 1b\n"
      "2:\n"
      : [sums] "+w"(sums), [pixel] "=&w"(pixel), [from] "+l"(from)
      : [count] "r"(count), [step] "r"(step), [some] "r"((int32_t)some)
      : "lr", "p0", "memory");
  return sums;
}

#endif /* TG_MVE_SUMS_H */
