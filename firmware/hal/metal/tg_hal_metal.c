/* The Freedom Metal port (SiFive): UART0 and the cycle counter of hart 0. */
#include <metal/cpu.h>
#include <metal/uart.h>

#include "tg_hal.h"

#ifndef TG_SERIAL_BAUD
#define TG_SERIAL_BAUD 115200
#endif

static struct metal_uart port;

/* Start-up has brought the port to its pins; metal prints over it. */
void tg_hal_init(void) {
  port = metal_uart_get_device(0);
  (void)metal_uart_set_baud_rate(port, (int)TG_SERIAL_BAUD);
}

/* -1 stands for no byte. */
size_t tg_hal_read(uint8_t *buffer, size_t size) {
  size_t count = 0;
  int byte = -1;
  while (count < size && metal_uart_getc(port, &byte) == 0 && byte >= 0) {
    buffer[count++] = (uint8_t)byte;
  }
  return count;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    (void)metal_uart_putc(port, bytes[i]);
  }
}

/* The port has room for eight bytes: keep looking. */
void tg_hal_idle(void) {}

uint64_t tg_hal_ticks(void) {
  unsigned long long cycles = 0;
  (void)metal_timer_get_cyclecount(0, &cycles);
  return cycles;
}

uint32_t tg_hal_tick_hz(void) {
  unsigned long long hz = 0;
  (void)metal_timer_get_timebase_frequency(0, &hz);
  return (uint32_t)hz;
}

uint32_t tg_hal_stack_used(void) {
  return 0;
}
