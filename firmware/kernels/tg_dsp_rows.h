/* A few rows of an image in scratch, with borders of zeros, each in the place of one that no window
 * needs any more. For cores with the DSP extension.
 */
#ifndef TG_DSP_ROWS_H
#define TG_DSP_ROWS_H

#include "tg_dsp.h"

/* Rows count from the border's first one; what goes along a row is in bytes. */
struct tg_dsp_rows {
  int8_t *rows;
  const int8_t *image;
  int32_t height;   /* of the image */
  int32_t width;    /* of it */
  int32_t pad_top;  /* rows above it */
  int32_t pad_left; /* in front of it */
  int32_t kept;     /* rows in scratch */
  int32_t pitch;    /* of one of them, with its borders; a multiple of 4 */
  int32_t next;     /* row to keep */
};

TG_INLINE void tg_dsp_rows_keep(const struct tg_dsp_rows *r) {
  int8_t *const row = r->rows + r->next % r->kept * r->pitch;
  const int32_t y = r->next - r->pad_top;
  int32_t inside = r->pitch - r->pad_left;
  inside = inside < r->width ? inside : r->width;
  if (y < 0 || y >= r->height) {
    tg_dsp_fill(row, 0, r->pitch);
    return;
  }
  tg_dsp_fill(row, 0, r->pad_left);
  tg_dsp_copy(row + r->pad_left, r->image + y * r->width, inside);
  tg_dsp_fill(row + r->pad_left + inside, 0, r->pitch - r->pad_left - inside);
}

/* All that windows with their first tap in row `top` need, which is no less than it was before;
 * gives the place of that row. */
TG_DSP_SHARED int32_t tg_dsp_rows_under(struct tg_dsp_rows *r, int32_t top) {
  for (r->next = r->next < top ? top : r->next; r->next < top + r->kept; ++r->next) {
    tg_dsp_rows_keep(r);
  }
  return top % r->kept;
}

#endif /* TG_DSP_ROWS_H */
