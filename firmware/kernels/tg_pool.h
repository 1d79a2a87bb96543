/* How the windows of a pool lie over images, and the walk over them that every pool takes. */
#ifndef TG_POOL_H
#define TG_POOL_H

#include "tg_weighted.h"

struct tg_pool {
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
  int32_t pad_top;  /* rows of the first window above the image */
  int32_t pad_left; /* columns of the first window left of the image */
};

/* As the parameters `p` of a kernel have it, which name all of it. */
#define TG_POOL_OF(p)                      \
  {                                        \
      .batches = (p)->batches,             \
      .input_height = (p)->input_height,   \
      .input_width = (p)->input_width,     \
      .channels = (p)->channels,           \
      .output_height = (p)->output_height, \
      .output_width = (p)->output_width,   \
      .filter_height = (p)->filter_height, \
      .filter_width = (p)->filter_width,   \
      .stride_height = (p)->stride_height, \
      .stride_width = (p)->stride_width,   \
      .pad_top = (p)->pad_top,             \
      .pad_left = (p)->pad_left,           \
  }

/* Computes one output pixel of a kernel's parameters `p`: of `rows` times `columns` pixels from
 * there, the part of the window that lies in the image. */
typedef void tg_pool_pixel(const void *p, const int8_t *from, int32_t rows, int32_t columns,
                           int8_t *output);

/* Every output pixel of every image, in their order; `pixel` is inlined, as this is. */
TG_INLINE void tg_pool_each(const struct tg_pool *pool, tg_pool_pixel *pixel, const void *p,
                            const int8_t *input, int8_t *output) {
  const int full_rows = tg_unpadded(pool->input_height, pool->output_height, pool->filter_height,
                                    pool->stride_height, 1, pool->pad_top);
  const int full_columns = tg_unpadded(pool->input_width, pool->output_width, pool->filter_width,
                                       pool->stride_width, 1, pool->pad_left);
  struct tg_taps rows = {0, pool->filter_height};
  struct tg_taps columns = {0, pool->filter_width};
  for (int32_t batch = 0; batch < pool->batches; ++batch) {
    int32_t top = -pool->pad_top;
    for (int32_t y = 0; y < pool->output_height; ++y) {
      if (!full_rows) {
        rows = tg_taps_inside(top, pool->input_height, pool->filter_height, 1);
      }
      int32_t left = -pool->pad_left;
      for (int32_t x = 0; x < pool->output_width; ++x) {
        if (!full_columns) {
          columns = tg_taps_inside(left, pool->input_width, pool->filter_width, 1);
        }
        const int32_t first = (top + rows.first) * pool->input_width + left + columns.first;
        pixel(p, input + first * pool->channels, rows.last - rows.first,
              columns.last - columns.first, output);
        output += pool->channels;
        left += pool->stride_width;
      }
      top += pool->stride_height;
    }
    input += pool->input_height * pool->input_width * pool->channels;
  }
}

#endif /* TG_POOL_H */
