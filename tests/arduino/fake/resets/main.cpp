/* Prints what reset_*.cpp makes of argv[1], and what it wrote back. */
#include <Arduino.h>
#include <esp_system.h>
#include <stdio.h>
#include <stdlib.h>

#include "hal/reset_reason_api.h"
#include "tg_reset.h"

volatile uint32_t fake_status;
volatile uint32_t fake_written;
fake_register<uint32_t> fake_any;
fake_register<uint8_t> fake_small;
RP2040 rp2040;
fake_rcc fake_rcc_registers;

extern "C" esp_reset_reason_t esp_reset_reason(void) {
  return static_cast<esp_reset_reason_t>(static_cast<uint32_t>(fake_status));
}

extern "C" reset_reason_t hal_reset_reason_get(void) {
  return static_cast<reset_reason_t>(static_cast<uint32_t>(fake_status));
}

extern "C" void hal_reset_reason_clear(void) {
  fake_written = fake_status;
}

int main(int, char **argv) {
  fake_status = static_cast<uint32_t>(strtoul(argv[1], nullptr, 0));
  const int reason = tg_reset_read();
  printf("%d %u\n", reason, static_cast<unsigned>(fake_written));
  return 0;
}
