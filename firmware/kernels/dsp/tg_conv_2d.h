/* CONV_2D by any window, for cores with the DSP extension: four pixels at a time.
 *
 * The input rows under a row of windows lie in scratch, with their borders, each in the place of
 * one that no window needs any more. Of them a window is gathered row by row: the taps of one are
 * one run of bytes, whatever number of channels they have, and what is read beyond it meets weights
 * of zero.
 */
#ifndef TG_DSP_CONV_2D_H
#define TG_DSP_CONV_2D_H

#include <stddef.h>

#include "tg_dsp_pixels.h"

struct tg_dsp_conv_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t depth; /* channels of the input */
  int32_t output_height;
  int32_t output_width;
  int32_t channels; /* of the output */
  int32_t filter_height;
  int32_t runs;            /* of neighbouring taps in a row of the filter */
  int32_t run_quads;       /* of the expanded activations of one */
  int32_t run_step;        /* bytes from a run to the next one */
  int32_t stride_height;   /* in rows */
  int32_t stride_step;     /* bytes from a window to the next one */
  int32_t dilation_height; /* rows from tap to tap */
  int32_t pad_top;         /* rows of the first window above the image */
  int32_t pad_left;        /* bytes of the first window left of the image */
  int32_t kept;            /* rows in scratch, as many as a window spans */
  int32_t pitch;           /* bytes of one of them, with its borders; a multiple of 4 */
  int32_t zero_point;      /* of the input: the border's code */
  int32_t twice;           /* 1: requantization rounds twice; 0: once */
  const int32_t *weights;  /* as tg_dsp_pixels.h reads them */
};

/* Row `y` of the image, or of what lies above and below, with its borders. */
TG_INLINE void tg_dsp_conv_2d_keep(const struct tg_dsp_conv_2d_params *p, const int8_t *image,
                                   int32_t y, int8_t *row) {
  const uint32_t border = (uint32_t)(uint8_t)p->zero_point * 0x01010101u;
  const int32_t width = p->input_width * p->depth;
  int32_t inside = p->pitch - p->pad_left;
  inside = inside < width ? inside : width;
  if (y < 0 || y >= p->input_height) {
    tg_dsp_fill(row, border, p->pitch);
    return;
  }
  tg_dsp_fill(row, border, p->pad_left);
  tg_dsp_copy(row + p->pad_left, image + y * width, inside);
  tg_dsp_fill(row + p->pad_left + inside, border, p->pitch - p->pad_left - inside);
}

/* The windows of `count` pixels, 4 or 1, the first at byte `left` of the rows, whose first one is
 * `slot`. */
TG_INLINE void tg_dsp_conv_2d_gather(const struct tg_dsp_conv_2d_params *p, const int8_t *rows,
                                     int32_t slot, int32_t left, uint32_t *stream, int32_t count) {
  for (int32_t y = 0; y < p->filter_height; ++y) {
    const int8_t *from = rows + slot * p->pitch + left;
    for (int32_t run = 0; run < p->runs; ++run) {
      uint32_t *const end = stream + 2 * count * p->run_quads;
      if (count == 4) {
        tg_dsp_expand_four(from, p->stride_step, stream, end);
      } else {
        tg_dsp_expand(from, stream, p->run_quads);
      }
      stream = end;
      from += p->run_step;
    }
    slot += p->dilation_height;
    slot -= slot >= p->kept ? p->kept : 0;
  }
}

TG_INLINE void tg_dsp_conv_2d_images(const struct tg_dsp_conv_2d_params *p, const int8_t *input,
                                     int8_t *output, uint32_t *stream, tg_dsp_pixels_run *four,
                                     tg_dsp_pixels_run *one, int even) {
  const int32_t quads = p->filter_height * p->runs * p->run_quads;
  int8_t *const rows = (int8_t *)(stream + 8 * quads);
  struct tg_dsp_pixels fours = tg_dsp_pixels_fours(p->weights, stream, quads, p->channels);
  struct tg_dsp_pixels ones = tg_dsp_pixels_ones(p->weights, stream, quads, p->channels);
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    int32_t next = 0; /* row to keep, counted from the border's first one */
    for (int32_t y = 0; y < p->output_height; ++y) {
      const int32_t top = y * p->stride_height;
      for (next = next < top ? top : next; next < top + p->kept; ++next) {
        tg_dsp_conv_2d_keep(p, input, next - p->pad_top, rows + next % p->kept * p->pitch);
      }
      const int32_t slot = top % p->kept;
      int32_t x = p->output_width, left = 0;
      for (; x >= 4; x -= 4) {
        tg_dsp_conv_2d_gather(p, rows, slot, left, stream, 4);
        tg_dsp_pixels_write(&fours, output, 4, four, even);
        left += 4 * p->stride_step;
        output += 4 * p->channels;
      }
      for (; one != NULL && x > 0; --x) {
        tg_dsp_conv_2d_gather(p, rows, slot, left, stream, 1);
        tg_dsp_pixels_write(&ones, output, 1, one, even);
        left += p->stride_step;
        output += p->channels;
      }
    }
    input += p->input_height * p->input_width * p->depth;
  }
}

TG_DSP_SHARED void tg_dsp_conv_2d_fours(const struct tg_dsp_conv_2d_params *p, const int8_t *input,
                                        int8_t *output, uint32_t *stream, tg_dsp_pixels_run *four) {
  tg_dsp_conv_2d_images(p, input, output, stream, four, NULL, 1);
}

TG_DSP_SHARED void tg_dsp_conv_2d_even(const struct tg_dsp_conv_2d_params *p, const int8_t *input,
                                       int8_t *output, uint32_t *stream, tg_dsp_pixels_run *four,
                                       tg_dsp_pixels_run *one) {
  tg_dsp_conv_2d_images(p, input, output, stream, four, one, 1);
}

TG_DSP_SHARED void tg_dsp_conv_2d_any(const struct tg_dsp_conv_2d_params *p, const int8_t *input,
                                      int8_t *output, uint32_t *stream, tg_dsp_pixels_run *four,
                                      tg_dsp_pixels_run *one) {
  tg_dsp_conv_2d_images(p, input, output, stream, four, one, 0);
}

/* Scratch: eight words for each quad of a window, then the rows. Each row of the input is taken
 * once, before the first row of the output that needs it is written. */
TG_INLINE void tg_dsp_conv_2d(const struct tg_dsp_conv_2d_params *p, const int8_t *input,
                              int8_t *output, void *scratch) {
  uint32_t *const stream = (uint32_t *)scratch;
  tg_dsp_pixels_run *const four = p->twice ? tg_dsp_four_pixels_twice : tg_dsp_four_pixels_once;
  tg_dsp_pixels_run *const one = p->twice ? tg_dsp_one_pixel_twice : tg_dsp_one_pixel_once;
  if (p->channels % 2 != 0) {
    tg_dsp_conv_2d_any(p, input, output, stream, four, one);
  } else if (p->output_width % 4 != 0) {
    tg_dsp_conv_2d_even(p, input, output, stream, four, one);
  } else {
    tg_dsp_conv_2d_fours(p, input, output, stream, four);
  }
}

#endif /* TG_DSP_CONV_2D_H */
