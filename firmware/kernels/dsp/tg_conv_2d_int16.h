/* CONV_2D of int16 activations by any window, for cores with the DSP extension: four pixels at a
 * time.
 *
 * Windows are gathered of rows in scratch (see tg_dsp_rows.h): the taps of one row of a window are
 * one run of elements, whatever number of channels they have, and what is read beyond it meets a
 * weight of zero.
 */
#ifndef TG_DSP_CONV_2D_INT16_H
#define TG_DSP_CONV_2D_INT16_H

#include <stddef.h>

#include "tg_dsp_pixels_int16.h"
#include "tg_dsp_rows.h"

struct tg_dsp_conv_2d_int16_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t depth; /* channels of the input */
  int32_t output_height;
  int32_t output_width;
  int32_t channels; /* of the output */
  int32_t filter_height;
  int32_t runs;            /* of neighbouring taps in a row of the filter */
  int32_t run_pairs;       /* of the activations of one */
  int32_t run_step;        /* bytes from a run to the next one */
  int32_t stride_height;   /* in rows */
  int32_t stride_step;     /* bytes from a window to the next one */
  int32_t dilation_height; /* rows from tap to tap */
  int32_t pad_top;         /* rows of the first window above the image */
  int32_t pad_left;        /* bytes of the first window left of the image */
  int32_t kept;            /* rows in scratch, as many as a window spans */
  int32_t pitch;           /* bytes of one of them, with its borders; a multiple of 4 */
  int32_t relu;            /* 1: no code is below 0 */
  const int32_t *weights;  /* as tg_dsp_pixels_int16.h reads them */
};

/* The windows of four pixels or fewer, the first at byte `left` of the rows, whose first one is
 * in the place `slot`. */
TG_INLINE void tg_dsp_conv_2d_int16_gather(const struct tg_dsp_conv_2d_int16_params *p,
                                           const int8_t *rows, int32_t slot, int32_t left,
                                           uint32_t *stream, int32_t count) {
  for (int32_t y = 0; y < p->filter_height; ++y) {
    const int8_t *from = rows + slot * p->pitch + left;
    for (int32_t run = 0; run < p->runs; ++run) {
      struct tg_dsp_four_int16 four;
      for (int32_t i = 0; i < 4; ++i) {
        four.from[i] =
            (const int16_t *)(const void *)(from + (i < count ? i : count - 1) * p->stride_step);
      }
      uint32_t *const end = stream + 4 * p->run_pairs;
      tg_dsp_side_by_side_int16(&four, stream, end);
      stream = end;
      from += p->run_step;
    }
    slot += p->dilation_height;
    slot -= slot >= p->kept ? p->kept : 0;
  }
}

TG_DSP_SHARED void tg_dsp_conv_2d_int16_images(const struct tg_dsp_conv_2d_int16_params *p,
                                               const int16_t *input, int16_t *output,
                                               uint32_t *stream, tg_dsp_pixels_int16_run *run) {
  const int32_t pairs = p->filter_height * p->runs * p->run_pairs;
  struct tg_dsp_pixels_int16 pixels = tg_dsp_pixels_int16_of(p->weights, stream, pairs);
  struct tg_dsp_rows rows = {.rows = (int8_t *)(stream + 4 * pairs),
                             .image = (const int8_t *)input,
                             .height = p->input_height,
                             .width = 2 * p->input_width * p->depth,
                             .pad_top = p->pad_top,
                             .pad_left = p->pad_left,
                             .kept = p->kept,
                             .pitch = p->pitch,
                             .next = 0};
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    for (int32_t y = 0; y < p->output_height; ++y) {
      const int32_t slot = tg_dsp_rows_under(&rows, y * p->stride_height);
      int32_t left = 0;
      for (int32_t rest = p->output_width; rest > 0; rest -= 4) {
        const int32_t count = rest < 4 ? rest : 4;
        tg_dsp_conv_2d_int16_gather(p, rows.rows, slot, left, stream, count);
        tg_dsp_pixels_int16_write(&pixels, output, count, p->channels, run);
        left += 4 * p->stride_step;
        output += count * p->channels;
      }
    }
    rows.image += p->input_height * rows.width;
    rows.next = 0;
  }
}

/* Scratch: four words for every two activations of a window, then the rows. Each row of the input
 * is taken once, before the first row of the output that needs it is written. */
TG_INLINE void tg_dsp_conv_2d_int16(const struct tg_dsp_conv_2d_int16_params *p,
                                    const int16_t *input, int16_t *output, void *scratch) {
  tg_dsp_conv_2d_int16_images(p, input, output, (uint32_t *)scratch,
                              p->relu ? tg_dsp_pixels_int16_relu : tg_dsp_pixels_int16_all);
}

#endif /* TG_DSP_CONV_2D_INT16_H */
