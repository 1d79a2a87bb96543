/* The same bytes at another place of the arena, which may overlap the first: a word at a time,
 * where the C library's memmove goes by bytes as soon as it has to go from the end. */
#ifndef TG_PORTABLE_MOVE_H
#define TG_PORTABLE_MOVE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_move_params {
  int32_t count; /* bytes */
};

#if defined(__GNUC__)
/* Whatever the bytes are, they are read and written as words. */
typedef uint32_t __attribute__((may_alias)) tg_portable_move_word;

/* Four words, all of them read before one is written. */
TG_INLINE void tg_portable_move_four(const tg_portable_move_word *from, tg_portable_move_word *to) {
  const uint32_t a = from[0];
  const uint32_t b = from[1];
  const uint32_t c = from[2];
  const uint32_t d = from[3];
  to[0] = a;
  to[1] = b;
  to[2] = c;
  to[3] = d;
}

/* Both begin at multiples of four bytes, as everything in the arena does. */
TG_INLINE void tg_portable_move(const struct tg_portable_move_params *p, const void *input,
                                void *output) {
  const tg_portable_move_word *from = (const tg_portable_move_word *)input;
  tg_portable_move_word *to = (tg_portable_move_word *)output;
  const int32_t fours = p->count / 16;
  const size_t rest = (size_t)(p->count % 16);
  if ((uintptr_t)output <= (uintptr_t)input) {
    for (int32_t i = 0; i < fours; ++i) {
      tg_portable_move_four(from + 4 * i, to + 4 * i);
    }
    memmove(to + 4 * fours, from + 4 * fours, rest);
  } else {
    memmove(to + 4 * fours, from + 4 * fours, rest);
    for (int32_t i = fours; i-- > 0;) {
      tg_portable_move_four(from + 4 * i, to + 4 * i);
    }
  }
}
#else
TG_INLINE void tg_portable_move(const struct tg_portable_move_params *p, const void *input,
                                void *output) {
  memmove(output, input, (size_t)p->count);
}
#endif

#endif /* TG_PORTABLE_MOVE_H */
