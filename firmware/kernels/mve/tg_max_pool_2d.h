/* MAX_POOL_2D with Helium, sixteen channels at a time. */
#ifndef TG_MVE_MAX_POOL_2D_H
#define TG_MVE_MAX_POOL_2D_H

#include <arm_mve.h>

#include "tg_pool.h"

struct tg_mve_max_pool_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;
  int32_t output_height;
  int32_t output_width;
  int32_t filter_height;
  int32_t filter_width;
  int32_t stride_height;
  int32_t stride_width;
  int32_t pad_top;    /* rows of the first window above the image */
  int32_t pad_left;   /* columns of the first window left of the image */
  int32_t output_min; /* lowest code the activation lets through */
  int32_t output_max; /* highest code the activation lets through */
};

/* The greatest codes of these and of `count` pixels, `step` bytes apart: of the first `channels`.
 * As many as a short window has in a row stand one behind the other. */
TG_INLINE int8x16_t tg_mve_max_pool_2d_row(int8x16_t greatest, const int8_t *from, int32_t count,
                                           int32_t most, int32_t step, int32_t channels) {
  const mve_pred16_t some = vctp8q((uint32_t)channels);
  int8x16_t pixel;
  if (count == most && most <= 4) {
    for (int32_t i = 0; i < most; ++i) {
      pixel = channels == 16 ? vldrbq_s8(from + i * step) : vldrbq_z_s8(from + i * step, some);
      greatest = vmaxq_s8(greatest, pixel);
    }
    return greatest;
  }
  __asm__ volatile(
      "vmsr       p0, %[some]\n"
      "wls        lr, %[count], 2f\n"
      "1:\n"
      "vpst\n"
      "vldrbt.u8  %q[pixel], [%[from]]\n"
      "add        %[from], %[from], %[step]\n"
      "vmax.s8    %q[greatest], %q[greatest], %q[pixel]\n"
      "le         lr, 1b\n"
      "2:\n"
      : [greatest] "+w"(greatest), [pixel] "=&w"(pixel), [from] "+l"(from)
      : [count] "r"(count), [step] "r"(step), [some] "r"((int32_t)some)
      : "lr", "p0", "memory");
  return greatest;
}

/* Up to sixteen channels of one output pixel. */
TG_INLINE void tg_mve_max_pool_2d_some(const struct tg_mve_max_pool_2d_params *p,
                                       const int8_t *from, int32_t rows, int32_t columns,
                                       int32_t channels, int8_t *output) {
  int8x16_t greatest = vdupq_n_s8((int8_t)p->output_min);
  for (int32_t y = rows; y > 0; --y) {
    greatest =
        tg_mve_max_pool_2d_row(greatest, from, columns, p->filter_width, p->channels, channels);
    from += p->input_width * p->channels;
  }
  if (p->output_max != INT8_MAX) {
    greatest = vminq_s8(greatest, vdupq_n_s8((int8_t)p->output_max));
  }
  if (channels == 16) {
    vstrbq_s8(output, greatest);
  } else {
    vstrbq_p_s8(output, greatest, vctp8q((uint32_t)channels));
  }
}

/* One output pixel. */
TG_INLINE void tg_mve_max_pool_2d_pixel(const void *params, const int8_t *from, int32_t rows,
                                        int32_t columns, int8_t *output) {
  const struct tg_mve_max_pool_2d_params *const p =
      (const struct tg_mve_max_pool_2d_params *)params;
  const int32_t whole = p->channels / 16 * 16;
  for (int32_t c = 0; c < whole; c += 16) {
    tg_mve_max_pool_2d_some(p, from + c, rows, columns, 16, output + c);
  }
  if (whole != p->channels) {
    tg_mve_max_pool_2d_some(p, from + whole, rows, columns, p->channels - whole, output + whole);
  }
}

/* May write over the beginning of its input, as the order of pixels allows. */
TG_INLINE void tg_mve_max_pool_2d(const struct tg_mve_max_pool_2d_params *p, const int8_t *input,
                                  int8_t *output) {
  const struct tg_pool pool = TG_POOL_OF(p);
  tg_pool_each(&pool, tg_mve_max_pool_2d_pixel, p, input, output);
}

#endif /* TG_MVE_MAX_POOL_2D_H */
