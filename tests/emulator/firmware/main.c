/* Test firmware: one command byte, then an answer. Numbers travel with the low byte first.
 *
 *   'e' n(4) bytes...   echo: n bytes come back
 *   'r' n(4)            receive: n bytes are taken, then their sum (4) comes back
 *   's' n(4)            send: n bytes 0, 1, 2 ... come back
 *   't' n(4)            ticks: n rounds of a fixed computation; ticks (8), result (4), hz (4)
 *   'f'                 float: 16 results of 4 bytes each
 *   'p'                 ping: 'p' comes back
 *   'u'                 stack used (4)
 *   'd' n(4)            recursion n deep; result (4)
 *   'w'                 what started it (1), size (1) and words of the fault before that
 *   'x'                 a fault
 */
#include <math.h>
#include <string.h>

#include "hal/tg_hal.h"

static volatile uint32_t initialised = 0x12345678U;
static volatile uint32_t zeroed;
static uint8_t model_arena[512];

static void get(uint8_t *bytes, size_t size) {
  while (size > 0) {
    const size_t got = tg_hal_read(bytes, size);
    bytes += got;
    size -= got;
    if (got == 0) {
      tg_hal_idle();
    }
  }
}

static uint32_t get_u32(void) {
  uint8_t b[4];
  get(b, sizeof b);
  return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put(uint64_t value, size_t size) {
  uint8_t b[8];
  for (size_t i = 0; i < size; i++) {
    b[i] = (uint8_t)(value >> (8 * i));
  }
  tg_hal_write(b, size);
}

static uint32_t compute(uint32_t rounds) {
  uint32_t x = 1;
  for (uint32_t i = 0; i < rounds; i++) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
  }
  return x;
}

static uint32_t deep(uint32_t n) {
  volatile uint32_t frame[16];
  frame[n % 16U] = n;
  return n == 0U ? 0U : deep(n - 1U) + (frame[n % 16U] & 1U);
}

int main(void) {
  uint8_t buffer[128];
  tg_hal_init();
  if (initialised != 0x12345678U || zeroed != 0U) {
    return 1;
  }
  for (;;) {
    uint8_t command;
    get(&command, 1);
    if (command == 'e' || command == 'r') {
      uint32_t left = get_u32();
      uint32_t sum = 0;
      while (left > 0U) {
        const size_t got = tg_hal_read(buffer, left < sizeof buffer ? left : sizeof buffer);
        if (got == 0) {
          tg_hal_idle();
        }
        for (size_t i = 0; i < got; i++) {
          sum = sum * 31U + buffer[i];
        }
        if (command == 'e') {
          tg_hal_write(buffer, got);
        }
        left -= (uint32_t)got;
      }
      if (command == 'r') {
        put(sum, 4);
      }
    } else if (command == 's') {
      const uint32_t size = get_u32();
      for (uint32_t i = 0; i < size; i++) {
        put(i, 1);
      }
    } else if (command == 't') {
      const uint32_t rounds = get_u32();
      const uint64_t start = tg_hal_ticks();
      const uint32_t result = compute(rounds);
      put(tg_hal_ticks() - start, 8);
      put(result, 4);
      put(tg_hal_tick_hz(), 4);
    } else if (command == 'f') {
      for (uint32_t i = 0; i < 16U; i++) {
        const volatile float x = (float)i - 8.0F;
        const float y = expf(x) * 0.5F + x / 3.0F;
        uint32_t bits;
        memcpy(&bits, &y, sizeof bits);
        put(bits, 4);
      }
    } else if (command == 'p') {
      put('p', 1);
    } else if (command == 'u') {
      put(tg_hal_stack_used(), 4);
    } else if (command == 'd') {
      put(deep(get_u32()), 4);
    } else if (command == 'w') {
      put((uint64_t)tg_hal_reset_reason(), 1);
      put(strlen(tg_hal_last_fault()), 1);
      tg_hal_write((const uint8_t *)tg_hal_last_fault(), strlen(tg_hal_last_fault()));
    } else if (command == 'x') {
#if defined(__riscv)
      __asm volatile("unimp");
#else
      __asm volatile("udf #0");
#endif
    }
    model_arena[command % sizeof model_arena]++;
    zeroed++;
  }
}
