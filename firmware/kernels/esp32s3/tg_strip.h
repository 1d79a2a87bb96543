/* Strips: the input rows of one output row, a pixel of each below the other, with their border.
 *
 * A strip is [column][filter row][channel], so that a window is one run of bytes.
 */
#ifndef TG_ESP32S3_STRIP_H
#define TG_ESP32S3_STRIP_H

#include "esp32s3/tg_layer.h"

/* How windows lie over an image. */
struct tg_esp32s3_strip_windows {
  int32_t height; /* of the image */
  int32_t width;
  int32_t channels;
  int32_t rows;     /* of a window */
  int32_t dilation; /* image rows from one to the next */
  int32_t pad_left;
  int32_t columns; /* of a strip: what all windows of a row reach over, border and all */
  int32_t zero_point;
};

/* A pixel of the image, of which `left` bytes are left to the last one that may be read. */
TG_INLINE void tg_esp32s3_strip_pixel(const struct tg_esp32s3_strip_windows *w, int8_t *to,
                                      const int8_t *from, const int8_t *last) {
  if (w->channels % 16 == 0) {
    tg_esp32s3_layer_copy(to, from, w->channels / 16, last);
  } else if (w->channels % 4 == 0) {
    for (int32_t i = 0; i < w->channels; i += 4) {
      *(uint32_t *)(void *)(to + i) = *(const uint32_t *)(const void *)(from + i);
    }
  } else {
    for (int32_t i = 0; i < w->channels; ++i) {
      to[i] = from[i];
    }
  }
}

/* The strip of windows whose first row is `top`. */
TG_INLINE void tg_esp32s3_strip(const struct tg_esp32s3_strip_windows *w, const int8_t *image,
                                int32_t top, int8_t *strip, const int8_t *last) {
  const int32_t room = w->columns - w->pad_left;
  const int32_t inside = room < w->width ? room : w->width;
  const int32_t step = w->rows * w->channels;
  for (int32_t i = 0; i < w->rows; ++i) {
    const int32_t row = top + i * w->dilation;
    const int32_t there = row < 0 || row >= w->height ? 0 : inside;
    const int8_t *from = image + row * w->width * w->channels;
    int8_t *to = strip + i * w->channels;
    int32_t before = there > 0 ? w->pad_left : w->columns;
    for (; before > 0; --before) {
      tg_esp32s3_layer_fill(to, w->channels, w->zero_point);
      to += step;
    }
    if (there > 0) {
      for (int32_t left = there; left > 0; --left) {
        tg_esp32s3_strip_pixel(w, to, from, last);
        from += w->channels;
        to += step;
      }
      for (int32_t behind = room - inside; behind > 0; --behind) {
        tg_esp32s3_layer_fill(to, w->channels, w->zero_point);
        to += step;
      }
    }
  }
}

#endif /* TG_ESP32S3_STRIP_H */
