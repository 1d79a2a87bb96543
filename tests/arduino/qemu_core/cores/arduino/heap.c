/* Two heaps that only grow: TEST_HEAP_BYTES in the chip, and the board's PSRAM. */
#include "esp_heap_caps.h"

#ifndef TEST_HEAP_BYTES
#define TEST_HEAP_BYTES 110592U
#endif
#define PSRAM_BYTES (8U << 20)

static _Alignas(16) uint8_t internal[TEST_HEAP_BYTES];
static uint8_t *const external = (uint8_t *)0x21000000;
static size_t taken[2];

size_t heap_caps_get_largest_free_block(uint32_t caps) {
  return (caps & MALLOC_CAP_SPIRAM) != 0U ? PSRAM_BYTES - taken[1] : sizeof internal - taken[0];
}

void *heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t caps) {
  const size_t rounded = (size + alignment - 1U) / alignment * alignment;
  if (rounded > heap_caps_get_largest_free_block(caps)) {
    return NULL;
  }
  const int which = (caps & MALLOC_CAP_SPIRAM) != 0U;
  uint8_t *block = (which ? external : internal) + taken[which];
  taken[which] += rounded;
  return block;
}
