/* Runs a model of kernels' tests on an emulated core. For every vector the whole arena comes from
 * the file arena.in, and after the model has run goes to arena.out: the host knows what is where.
 *
 * EDGE_OFFSET is where in the arena the model's input lies; with ARENA_FROM_HEAP the arena comes
 * from what is a heap to the model.
 */
#include <stddef.h>

#include "model.h"
#include "semihost.h"

#ifdef ARENA_FROM_HEAP
#include "model_memory.h"

void *model_memory_take(size_t bytes, bool external) {
  static _Alignas(16) uint8_t heap[MODEL_ARENA_BYTES + 32]; /* the canary, rounded up */
  (void)external;
  return bytes <= sizeof heap ? heap : NULL;
}

size_t model_memory_largest(bool external) {
  (void)external;
  return MODEL_ARENA_BYTES;
}
#endif

int main(void) {
  if (model_init() != MODEL_OK) {
    semihost_exit(10);
  }
  const uint32_t from = semihost_open("arena.in", 8, SEMIHOST_READING);
  const uint32_t to = semihost_open("arena.out", 9, SEMIHOST_WRITING);
  int8_t *arena = model_input(0) - EDGE_OFFSET;
  while (semihost_read(from, arena, MODEL_ARENA_BYTES) == 0) {
    const enum model_status status = model_invoke();
    if (status != MODEL_OK || semihost_write(to, arena, MODEL_ARENA_BYTES) != 0) {
      semihost_exit(20u + (uint32_t)status);
    }
  }
  semihost_exit(0);
  return 0;
}
