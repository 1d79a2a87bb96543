/* An activation of int8 codes where they lie, for cores with the DSP extension: eight at a time. */
#ifndef TG_DSP_CLAMP_H
#define TG_DSP_CLAMP_H

#include "tg_dsp_channels.h"

struct tg_dsp_clamp_params {
  int32_t count;      /* elements */
  int32_t output_min; /* lowest code the activation lets through */
  int32_t output_max; /* highest code the activation lets through */
};

TG_INLINE uint32_t tg_dsp_clamp_four(uint32_t codes, uint32_t low, uint32_t high, int above) {
  codes = tg_dsp_greater(codes, low);
  return above ? tg_dsp_lesser(codes, high) : codes;
}

/* `above` where there is a highest code, else only a lowest one. */
TG_INLINE void tg_dsp_clamp_codes(int8_t *codes, int32_t count, int32_t least, int32_t most,
                                  int above) {
  const uint32_t low = tg_dsp_four(least), high = tg_dsp_four(most);
  for (const int8_t *const end = codes + count / 8 * 8; codes != end; codes += 8) {
    const uint32_t a = tg_dsp_word(codes), b = tg_dsp_word(codes + 4);
    tg_dsp_put(codes, tg_dsp_clamp_four(a, low, high, above));
    tg_dsp_put(codes + 4, tg_dsp_clamp_four(b, low, high, above));
  }
  for (count %= 8; count > 0; --count, ++codes) {
    *codes = (int8_t)(*codes < least ? least : *codes > most ? most : *codes);
  }
}

TG_DSP_SHARED void tg_dsp_clamp_low(int8_t *codes, int32_t count, int32_t least) {
  tg_dsp_clamp_codes(codes, count, least, INT8_MAX, 0);
}

TG_DSP_SHARED void tg_dsp_clamp_both(int8_t *codes, int32_t count, int32_t least, int32_t most) {
  tg_dsp_clamp_codes(codes, count, least, most, 1);
}

/* Reads what the kernel before it has written. */
TG_INLINE void tg_dsp_clamp(const struct tg_dsp_clamp_params *p, int8_t *output) {
  if (p->output_max == INT8_MAX) {
    tg_dsp_clamp_low(output, p->count, p->output_min);
  } else {
    tg_dsp_clamp_both(output, p->count, p->output_min, p->output_max);
  }
}

#endif /* TG_DSP_CLAMP_H */
