/* Words of 16 or 32 bits of one of two inputs, as a condition says, all three with broadcasting. */
#ifndef TG_PORTABLE_SELECT_WORDS_H
#define TG_PORTABLE_SELECT_WORDS_H

#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_select_words_params {
  int32_t dims[5];              /* loop counts, outermost first; together the output in order */
  int32_t condition_strides[5]; /* step at each loop, in elements; 0 repeats */
  int32_t true_strides[5];      /* the same for what is taken where the condition holds */
  int32_t false_strides[5];     /* and where it does not */
  int32_t element_bytes;        /* 2 or 4 */
};

TG_INLINE int32_t tg_portable_select_words_at(const int32_t *strides, const int32_t *at) {
  return at[0] * strides[0] + at[1] * strides[1] + at[2] * strides[2] + at[3] * strides[3] +
         at[4] * strides[4];
}

/* May run in place of a value that is not broadcast. */
TG_INLINE void tg_portable_select_words(const struct tg_portable_select_words_params *p,
                                        const uint8_t *condition, const void *if_true,
                                        const void *if_false, void *output) {
  const int32_t bytes = p->element_bytes;
  uint8_t *to = (uint8_t *)output;
  int32_t at[5];
  for (at[0] = 0; at[0] < p->dims[0]; ++at[0]) {
    for (at[1] = 0; at[1] < p->dims[1]; ++at[1]) {
      for (at[2] = 0; at[2] < p->dims[2]; ++at[2]) {
        for (at[3] = 0; at[3] < p->dims[3]; ++at[3]) {
          for (at[4] = 0; at[4] < p->dims[4]; ++at[4]) {
            const int32_t yes = tg_portable_select_words_at(p->true_strides, at);
            const int32_t no = tg_portable_select_words_at(p->false_strides, at);
            const int32_t holds = condition[tg_portable_select_words_at(p->condition_strides, at)];
            const uint8_t *from = holds ? (const uint8_t *)if_true + bytes * yes
                                        : (const uint8_t *)if_false + bytes * no;
            memcpy(to, from, (size_t)bytes);
            to += bytes;
          }
        }
      }
    }
  }
}

#endif /* TG_PORTABLE_SELECT_WORDS_H */
