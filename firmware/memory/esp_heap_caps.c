/* The heap of the ESP32 family, which knows where its RAM lies. */
#include <esp_heap_caps.h>

#include "model_memory.h"

#define ALIGNMENT 16U

/* Each model's library brings it along; of a program with several the linker takes one. */
#define TG_ONE_OF_MANY __attribute__((weak))

static uint32_t capabilities(bool external) {
  return (external ? MALLOC_CAP_SPIRAM : MALLOC_CAP_INTERNAL) | MALLOC_CAP_8BIT;
}

TG_ONE_OF_MANY void *model_memory_take(size_t bytes, bool external) {
  return heap_caps_aligned_alloc(ALIGNMENT, bytes, capabilities(external));
}

TG_ONE_OF_MANY size_t model_memory_largest(bool external) {
  const size_t block = heap_caps_get_largest_free_block(capabilities(external));
  return block < ALIGNMENT ? 0 : block - ALIGNMENT;
}
