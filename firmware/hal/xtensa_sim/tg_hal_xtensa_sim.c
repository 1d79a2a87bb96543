/* The Xtensa simulator board: it has no serial port, its simulator reads and writes for it. QEMU
 * puts a socket behind that, which does not wait. */
#include "tg_hal.h"

#define SIMCALL_READ 3
#define SIMCALL_WRITE 4
#define SIMCALL_SELECT 29
#define SELECT_READ 1U

static int32_t simcall(int32_t number, int32_t file, uintptr_t argument, size_t size) {
  register int32_t a2 __asm("a2") = number;
  register int32_t a3 __asm("a3") = file;
  register uintptr_t a4 __asm("a4") = argument;
  register size_t a5 __asm("a5") = size;
  __asm volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
  return a2;
}

void tg_hal_init(void) {
}

/* Asks first, because that costs the simulator less than a read in vain. */
size_t tg_hal_read(uint8_t *buffer, size_t size) {
  if (simcall(SIMCALL_SELECT, 0, SELECT_READ, 0U) <= 0) {
    return 0;
  }
  const int32_t count = simcall(SIMCALL_READ, 0, (uintptr_t)buffer, size);
  return count > 0 ? (size_t)count : 0;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  while (size > 0U) {
    const int32_t count = simcall(SIMCALL_WRITE, 1, (uintptr_t)bytes, size);
    if (count <= 0) {
      return;
    }
    bytes += count;
    size -= (size_t)count;
  }
}

/* Nothing would end a sleep. */
void tg_hal_idle(void) {
}

/* The cycle counter has 32 bits. */
uint64_t tg_hal_ticks(void) {
  static uint64_t ticks;
  uint32_t count;
  __asm volatile("rsr %0, ccount" : "=r"(count));
  ticks += (uint32_t)(count - (uint32_t)ticks);
  return ticks;
}

uint32_t tg_hal_tick_hz(void) {
  return TG_TICK_HZ;
}

/* The simulator is started, and never reset. */
enum tg_reset tg_hal_reset_reason(void) {
  return TG_RESET_UNKNOWN;
}

const char *tg_hal_last_fault(void) {
  return "";
}
