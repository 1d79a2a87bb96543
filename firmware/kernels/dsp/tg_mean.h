/* MEAN over all pixels of an image, for cores with the DSP extension: four channels at a time. */
#ifndef TG_DSP_MEAN_H
#define TG_DSP_MEAN_H

#include "tg_dsp_channels.h"
#include "tg_weighted.h"

struct tg_dsp_mean_params {
  int32_t images;
  int32_t pixels; /* of each image */
  int32_t channels;
  int32_t input_zero_point;
  int32_t multiplier; /* scale ratio / pixels, as multiplier * 2^(shift - 31) */
  int32_t shift;      /* left if positive */
  int32_t output_zero_point;
};

/* Up to four channels of an image. */
TG_INLINE void tg_dsp_mean_four(const struct tg_dsp_mean_params *p, const int8_t *from,
                                int32_t channels, int8_t *output) {
  int32_t total[4] = {0, 0, 0, 0};
  for (int32_t done = 0, some; done < p->pixels; done += some) { /* as far as int16 goes */
    some = p->pixels - done < 256 ? p->pixels - done : 256;
    const struct tg_dsp_sums none = {0, 0};
    const struct tg_dsp_sums sums = tg_dsp_plus_pixels(none, from, some, p->channels, channels);
    for (int32_t i = 0; i < 4; ++i) {
      total[i] += tg_dsp_sum(sums, i);
    }
    from += some * p->channels;
  }
  for (int32_t i = 0; i < channels; ++i) {
    const uint32_t sum = (uint32_t)(total[i] - p->pixels * p->input_zero_point);
    output[i] = tg_output(sum, p->multiplier, p->shift, p->shift < 0, p->output_zero_point,
                          INT8_MIN, INT8_MAX);
  }
}

TG_INLINE void tg_dsp_mean(const struct tg_dsp_mean_params *p, const int8_t *input,
                           int8_t *output) {
  const int32_t fours = p->channels / 4 * 4;
  for (int32_t image = 0; image < p->images; ++image) {
    for (int32_t channel = 0; channel < fours; channel += 4) {
      tg_dsp_mean_four(p, input + channel, 4, output + channel);
    }
    if (p->channels % 4 != 0) {
      tg_dsp_mean_four(p, input + fours, p->channels % 4, output + fours);
    }
    input += p->pixels * p->channels;
    output += p->channels;
  }
}

#endif /* TG_DSP_MEAN_H */
