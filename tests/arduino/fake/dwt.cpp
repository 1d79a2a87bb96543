/* The cycle counter of a Cortex-M, as ticks_dwt.cpp finds it: at argv[1] MHz, or standing still. */
#include <Arduino.h>
#include <stdio.h>
#include <stdlib.h>

#include "tg_ticks.h"

static uint32_t us;
static uint32_t mhz;

volatile uint32_t &fake_register(uint32_t address) {
  static volatile uint32_t cycles;
  static volatile uint32_t other[4];
  static uint32_t given;
  if (cycles != given) {
    abort(); /* cores make micros() of the counter: it is not the port's to set */
  }
  if (address == 0xE0001004U) {
    cycles = given = us * mhz;
    return cycles;
  }
  return other[(address >> 4) % 4];
}

unsigned long micros(void) {
  return us += 3;
}
void yield(void) {
}

int main(int argc, char **argv) {
  mhz = argc > 1 ? static_cast<uint32_t>(atoi(argv[1])) : 0;
  us = 0xFFFFFF00U; /* micros() wraps meanwhile */
  tg_ticks_init();
  const uint32_t before = tg_ticks_now();
  us += 1000;
  printf("%u %u\n", static_cast<unsigned>(tg_ticks_hz()),
         static_cast<unsigned>(tg_ticks_now() - before));
  return 0;
}
