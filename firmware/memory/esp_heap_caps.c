/* The heap of the ESP32 family, which knows where its RAM lies. */
#include <esp_heap_caps.h>

#include "model_memory.h"

#define ALIGNMENT 16U

static uint32_t capabilities(bool external) {
  return (external ? MALLOC_CAP_SPIRAM : MALLOC_CAP_INTERNAL) | MALLOC_CAP_8BIT;
}

void *model_memory_take(size_t bytes, bool external) {
  return heap_caps_aligned_alloc(ALIGNMENT, bytes, capabilities(external));
}

size_t model_memory_largest(bool external) {
  const size_t block = heap_caps_get_largest_free_block(capabilities(external));
  return block < ALIGNMENT ? 0 : block - ALIGNMENT;
}
