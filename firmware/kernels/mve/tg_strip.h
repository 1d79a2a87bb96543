/* Strips: the input rows of one output row, a pixel of each below the other, with their border.
 *
 * A strip is [column][filter row][channel], so that a window is one run of bytes. It costs a copy
 * of the image for each filter row, a few instructions for sixteen bytes, where copying each window
 * would cost that for each tap.
 */
#ifndef TG_MVE_STRIP_H
#define TG_MVE_STRIP_H

#include "mve/tg_layer.h"

/* How windows lie over an image. */
struct tg_mve_strip_windows {
  int32_t height; /* of the image */
  int32_t width;
  int32_t channels;
  int32_t rows;     /* of a window */
  int32_t dilation; /* image rows from one to the next */
  int32_t pad_left;
  int32_t columns; /* of a strip: what all windows of a row reach over, border and all */
  int32_t zero_point;
};

/* Where a vector's bytes go, which holds as many pixels of less than 16 channels as it can: each a
 * window's rows behind the one before. */
TG_INLINE uint8x16_t tg_mve_strip_offsets(const struct tg_mve_strip_windows *w) {
  uint8_t at[16];
  for (int32_t i = 0; i < 16; ++i) {
    at[i] = (uint8_t)(i / w->channels * w->rows * w->channels + i % w->channels);
  }
  return vldrbq_u8(at);
}

/* Pixels of less than 16 channels to every so many-th row of a strip. */
TG_INLINE void tg_mve_strip_narrow(const struct tg_mve_strip_windows *w, const int8_t *from,
                                   int8_t *to, int32_t pixels, uint8x16_t offsets) {
  const int32_t some = 16 / w->channels, bytes = some * w->channels;
  const mve_pred16_t whole = vctp8q((uint32_t)bytes);
  for (int32_t i = pixels / some; i > 0; --i) {
    vstrbq_scatter_offset_p_s8(to, offsets, vldrbq_z_s8(from, whole), whole);
    from += bytes;
    to += bytes * w->rows;
  }
  if (pixels % some != 0) {
    const mve_pred16_t rest = vctp8q((uint32_t)(pixels % some * w->channels));
    vstrbq_scatter_offset_p_s8(to, offsets, vldrbq_z_s8(from, rest), rest);
  }
}

/* Pixels of more. */
TG_INLINE void tg_mve_strip_wide(const struct tg_mve_strip_windows *w, const int8_t *from,
                                 int8_t *to, int32_t pixels) {
  const int32_t whole = w->channels / 16 * 16;
  const mve_pred16_t rest = vctp8q((uint32_t)(w->channels - whole));
  for (int32_t i = pixels; i > 0; --i) {
    for (int32_t c = 0; c < whole; c += 16) {
      vstrbq_s8(to + c, vldrbq_s8(from + c));
    }
    if (whole != w->channels) {
      vstrbq_p_s8(to + whole, vldrbq_z_s8(from + whole, rest), rest);
    }
    from += w->channels;
    to += w->rows * w->channels;
  }
}

/* A row of the border. */
TG_INLINE void tg_mve_strip_border(const struct tg_mve_strip_windows *w, int8_t *to,
                                   int32_t pixels) {
  for (int32_t i = pixels; i > 0; --i) {
    tg_mve_layer_fill(to, w->channels, w->zero_point);
    to += w->rows * w->channels;
  }
}

/* The strip of windows whose first row is `top`. What is left and right of the image was filled
 * with the zero point before, and stays. */
TG_INLINE void tg_mve_strip(const struct tg_mve_strip_windows *w, const int8_t *image, int32_t top,
                            int8_t *strip, uint8x16_t offsets) {
  const int32_t reach = w->columns - w->pad_left;
  const int32_t pixels = reach < w->width ? reach : w->width;
  int8_t *to = strip + w->pad_left * w->rows * w->channels;
  for (int32_t i = 0; i < w->rows; ++i) {
    const int32_t row = top + i * w->dilation;
    const int8_t *from = image + row * w->width * w->channels;
    if (row < 0 || row >= w->height) {
      tg_mve_strip_border(w, to, pixels);
    } else if (w->channels < 16) {
      tg_mve_strip_narrow(w, from, to, pixels, offsets);
    } else {
      tg_mve_strip_wide(w, from, to, pixels);
    }
    to += w->channels;
  }
}

#endif /* TG_MVE_STRIP_H */
