/* Runs a model of kernels' tests on an emulated core. For every vector the whole arena comes from
 * the file arena.in, and after the model has run goes to arena.out: the host knows what is where.
 * The files are the host's, by Arm's semihosting.
 *
 * EDGE_OFFSET is where in the arena the model's input lies; with ARENA_FROM_HEAP the arena comes
 * from what is a heap to the model.
 */
#include <stddef.h>

#include "model.h"

enum operation { OPEN = 0x01, WRITE = 0x05, READ = 0x06, EXIT = 0x20 };

enum mode { MODE_READ = 1, MODE_WRITE = 5 };

#define APPLICATION_EXIT 0x20026u

static uint32_t semihost(enum operation operation, const uint32_t *arguments) {
  register uint32_t result __asm__("r0") = (uint32_t)operation;
  register const uint32_t *block __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(result) : "r"(block) : "memory");
  return result;
}

static void leave(uint32_t code) {
  const uint32_t arguments[] = {APPLICATION_EXIT, code};
  (void)semihost(EXIT, arguments);
}

static uint32_t file(const char *name, uint32_t length, enum mode mode) {
  const uint32_t arguments[] = {(uint32_t)name, (uint32_t)mode, length};
  return semihost(OPEN, arguments);
}

#ifdef ARENA_FROM_HEAP
#include "model_memory.h"

void *model_memory_take(size_t bytes, bool external) {
  static _Alignas(16) uint8_t heap[MODEL_ARENA_BYTES + 16];
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
    leave(10);
  }
  const uint32_t from = file("arena.in", 8, MODE_READ);
  const uint32_t to = file("arena.out", 9, MODE_WRITE);
  const uint32_t input[] = {from, (uint32_t)(model_input(0) - EDGE_OFFSET), MODEL_ARENA_BYTES};
  const uint32_t output[] = {to, input[1], input[2]};
  while (semihost(READ, input) == 0) { /* how many bytes are missing */
    const enum model_status status = model_invoke();
    if (status != MODEL_OK || semihost(WRITE, output) != 0) {
      leave(20u + (uint32_t)status);
    }
  }
  leave(0);
  return 0;
}
