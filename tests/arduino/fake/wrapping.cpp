/* A 32-bit counter at 600 MHz that wraps often between two readings: is its 64-bit time right? */
#include <Arduino.h>
#include <stdio.h>

#include "tg_hal.h"
#include "tg_ticks.h"

static uint64_t cycles;

HardwareSerial Serial;
void HardwareSerial::begin(unsigned long) {
}
size_t HardwareSerial::write(uint8_t) {
  return 1;
}
size_t HardwareSerial::write(const uint8_t *, size_t size) {
  return size;
}
int HardwareSerial::available() {
  return 0;
}
int HardwareSerial::read() {
  return -1;
}
int HardwareSerial::peek() {
  return -1;
}

unsigned long millis(void) {
  return static_cast<uint32_t>(cycles / 600000);
}
void yield(void) {
}
void tg_ticks_init(void) {
}
void tg_ticks_idle(void) {
}
uint32_t tg_ticks_now(void) {
  return static_cast<uint32_t>(cycles);
}
uint32_t tg_ticks_hz(void) {
  return 600000000U;
}

int main() {
  tg_hal_init();
  uint64_t before = tg_hal_ticks();
  uint64_t step = 1;
  for (int i = 0; i < 2000; i++) {
    step = step * 7 % UINT64_C(300000000007); /* up to 500 s */
    cycles += step;
    const uint64_t now = tg_hal_ticks();
    if (now - before != step) {
      printf("%llu instead of %llu\n", static_cast<unsigned long long>(now - before),
             static_cast<unsigned long long>(step));
      return 1;
    }
    before = now;
  }
  return 0;
}
