/* The same bytes at another place of the arena, which may overlap the first. */
#ifndef TG_PORTABLE_MOVE_H
#define TG_PORTABLE_MOVE_H

#include <stddef.h>
#include <string.h>

#include "tg_fixed_point.h"

struct tg_portable_move_params {
  int32_t count; /* bytes */
};

TG_INLINE void tg_portable_move(const struct tg_portable_move_params *p, const void *input,
                                void *output) {
  memmove(output, input, (size_t)p->count);
}

#endif /* TG_PORTABLE_MOVE_H */
