/* MEAN over all pixels of an image with Helium, sixteen or eight channels at a time. */
#ifndef TG_MVE_MEAN_H
#define TG_MVE_MEAN_H

#include "tg_mve_eight.h"
#include "tg_mve_sums.h"

struct tg_mve_mean_params {
  int32_t images;
  int32_t pixels; /* of each image */
  int32_t channels;
  int32_t twice;  /* 1: two roundings, of a shift to the right; 0: one */
  int32_t addend; /* once: the tweak; twice: what the zero point of all pixels comes to */
  int32_t multiplier;
  int32_t factor; /* once: 2^n; twice: the shift, negative */
  int32_t right;  /* once: S - 16, 1 to 8 */
  int32_t output_zero_point;
};

/* Sums of eight channels. */
struct tg_mve_mean_eight {
  int32x4_t even;
  int32x4_t odd;
};

TG_INLINE struct tg_mve_mean_eight tg_mve_mean_plus(struct tg_mve_mean_eight sums, int16x8_t more) {
  sums.even = vaddq_s32(sums.even, vmovlbq_s16(more));
  sums.odd = vaddq_s32(sums.odd, vmovltq_s16(more));
  return sums;
}

/* Their codes, each in the lower byte of its lane. */
TG_INLINE int16x8_t tg_mve_mean_codes(const struct tg_mve_mean_params *p,
                                      struct tg_mve_mean_eight sums) {
  int16x8_t codes;
  __asm__ volatile(
      "vmov         q0, %q[even]\n"
      "vmov         q1, %q[odd]\n"
      "vdup.32      q4, %[factor]\n"
      ".if %c[twice]\n"
      "vadd.i32     q0, q0, %[addend]\n"
      "vadd.i32     q1, q1, %[addend]\n"
      ".endif\n" TG_MVE_EIGHT_CODES "vmov         %q[codes], q1\n"
      : [codes] "=w"(codes)
      : [even] "w"(sums.even), [odd] "w"(sums.odd), [factor] "r"(p->factor),
        [multiplier] "r"(p->multiplier), [addend] "r"(p->addend),
        [zero_point] "r"(p->output_zero_point), [twice] "i"(p->twice), [right] "i"(p->right)
      : "q0", "q1", "q2", "q3", "q4");
  return codes;
}

/* Sixteen channels of an image, of which pixels are summed up as far as int16 goes. */
TG_INLINE void tg_mve_mean_sixteen(const struct tg_mve_mean_params *p, const int8_t *from,
                                   int8_t *output) {
  struct tg_mve_mean_eight first = {vdupq_n_s32(0), vdupq_n_s32(0)}, second = first;
  for (int32_t done = 0; done < p->pixels; done += 256) {
    const int32_t some = p->pixels - done < 256 ? p->pixels - done : 256;
    struct tg_mve_sums sums = {vdupq_n_s16(0), vdupq_n_s16(0)};
    sums = tg_mve_sums_plus(sums, from + done * p->channels, some, p->channels);
    first = tg_mve_mean_plus(first, sums.first);
    second = tg_mve_mean_plus(second, sums.second);
  }
  vstrbq_s16(output, tg_mve_mean_codes(p, first));
  vstrbq_s16(output + 8, tg_mve_mean_codes(p, second));
}

/* Up to eight channels. */
TG_INLINE void tg_mve_mean_some(const struct tg_mve_mean_params *p, const int8_t *from,
                                int32_t channels, int8_t *output) {
  const mve_pred16_t inside = vctp16q((uint32_t)channels);
  struct tg_mve_mean_eight total = {vdupq_n_s32(0), vdupq_n_s32(0)};
  for (int32_t done = 0; done < p->pixels; done += 256) {
    const int32_t some = p->pixels - done < 256 ? p->pixels - done : 256;
    const int8_t *const first = from + done * p->channels;
    total = tg_mve_mean_plus(
        total, tg_mve_sums_plus_some(vdupq_n_s16(0), first, some, p->channels, inside));
  }
  vstrbq_p_s16(output, tg_mve_mean_codes(p, total), inside);
}

TG_INLINE void tg_mve_mean(const struct tg_mve_mean_params *p, const int8_t *input,
                           int8_t *output) {
  const int32_t n = p->channels, whole = n / 16 * 16;
  for (int32_t image = 0; image < p->images; ++image) {
    for (int32_t c = 0; c < whole; c += 16) {
      tg_mve_mean_sixteen(p, input + c, output + c);
    }
    for (int32_t c = whole; c < n; c += 8) {
      tg_mve_mean_some(p, input + c, n - c, output + c);
    }
    input += p->pixels * n;
    output += n;
  }
}

#endif /* TG_MVE_MEAN_H */
