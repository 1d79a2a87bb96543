/* EMBEDDING_LOOKUP: rows of an int8 table, picked by indices that are data, as float32. */
#ifndef TG_PORTABLE_EMBEDDING_LOOKUP_H
#define TG_PORTABLE_EMBEDDING_LOOKUP_H

#include "tg_fixed_point.h"

struct tg_portable_embedding_lookup_params {
  int32_t picks;  /* indices */
  int32_t rows;   /* of the table */
  int32_t length; /* elements of a row */
  float scale;    /* of the table */
};

/* An index that points outside, which no runtime defines, picks the nearest row there is. */
TG_INLINE void tg_portable_embedding_lookup(const struct tg_portable_embedding_lookup_params *p,
                                            const int32_t *indices, const int8_t *table,
                                            float *output) {
  for (int32_t pick = 0; pick < p->picks; ++pick) {
    const int8_t *row = table + tg_clamp(indices[pick], 0, p->rows - 1) * p->length;
    for (int32_t i = 0; i < p->length; ++i) {
      *output++ = p->scale * (float)row[i];
    }
  }
}

#endif /* TG_PORTABLE_EMBEDDING_LOOKUP_H */
