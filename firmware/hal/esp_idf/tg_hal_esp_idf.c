/* The ESP-IDF port: UART0, which the console shares, and the processor's cycle counter. */
#include "driver/uart.h"
#include "esp_cpu.h"
#include "esp_rom_sys.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "tg_hal.h"
#include "tg_reset_esp.h"

#ifndef TG_SERIAL_BAUD
#define TG_SERIAL_BAUD 115200
#endif

#define TG_UART UART_NUM_0
#define TG_RX_BUFFER 2048
#define TG_IDLE_TICKS 1 /* of FreeRTOS: the idle task feeds the watchdog meanwhile */

void tg_hal_init(void) {
  const uart_config_t config = {
      .baud_rate = (int)TG_SERIAL_BAUD,
      .data_bits = UART_DATA_8_BITS,
      .parity = UART_PARITY_DISABLE,
      .stop_bits = UART_STOP_BITS_1,
      .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
      .source_clk = UART_SCLK_DEFAULT,
  };
  ESP_ERROR_CHECK(uart_driver_install(TG_UART, TG_RX_BUFFER, 0, 0, NULL, 0));
  ESP_ERROR_CHECK(uart_param_config(TG_UART, &config));
}

size_t tg_hal_read(uint8_t *buffer, size_t size) {
  const int count = uart_read_bytes(TG_UART, buffer, (uint32_t)size, 0);
  return count > 0 ? (size_t)count : 0;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  (void)uart_write_bytes(TG_UART, bytes, size);
}

void tg_hal_idle(void) {
  vTaskDelay(TG_IDLE_TICKS);
}

/* The cycle counter has 32 bits; how often it wrapped during an inference, the timer tells. */
uint64_t tg_hal_ticks(void) {
  static uint64_t ticks;
  static uint32_t count_before;
  static int64_t us_before;
  const uint32_t count = esp_cpu_get_cycle_count();
  const int64_t us = esp_timer_get_time();
  const uint32_t elapsed = count - count_before;
  const uint64_t about = (uint64_t)(us - us_before) * esp_rom_get_cpu_ticks_per_us();
  const uint64_t half = UINT64_C(1) << 31;
  const uint64_t wraps = about + half > elapsed ? (about + half - elapsed) >> 32 : 0;
  ticks += elapsed + (wraps << 32);
  count_before = count;
  us_before = us;
  return ticks;
}

uint32_t tg_hal_tick_hz(void) {
  return esp_rom_get_cpu_ticks_per_us() * 1000000U;
}

/* What FreeRTOS gave the main task less the least that was ever free; it counts in bytes here. */
uint32_t tg_hal_stack_used(void) {
  return (uint32_t)CONFIG_ESP_MAIN_TASK_STACK_SIZE - (uint32_t)uxTaskGetStackHighWaterMark(NULL);
}

enum tg_reset tg_hal_reset_reason(void) {
  return tg_reset_esp(esp_reset_reason());
}

/* ESP-IDF says a panic's registers at once, on the console, and keeps none. */
const char *tg_hal_last_fault(void) {
  return "";
}

#if defined(TG_SERIAL_FASTEST)
#define TG_DRAIN_TICKS 1000 /* of FreeRTOS */

void tg_hal_baud(uint32_t baud) {
  (void)uart_wait_tx_done(TG_UART, TG_DRAIN_TICKS);
  (void)uart_set_baudrate(TG_UART, baud);
}
#endif
