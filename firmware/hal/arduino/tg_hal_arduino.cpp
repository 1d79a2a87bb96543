/* The Arduino port: a core's serial port and one of its counters behind tg_hal.h.
 *
 *   TG_SERIAL        the serial port, a Stream; Serial where the board says nothing else
 *   TG_SERIAL_BAUD   its bits per second
 *   TG_SERIAL_FASTEST  defined where it can be changed: the most
 *   TG_SERIAL_FLUSH  defined where bytes wait for company until they are flushed (USB)
 *   TG_SERIAL_RX_BYTES  defined where the core can be told how much it keeps of what arrives, and
 *                       keeps less than a frame when it is not
 */
#include <Arduino.h>
#if defined(USE_TINYUSB)
#include <Adafruit_TinyUSB.h> /* the serial port is a library there */
#endif

#include "tg_hal.h"
#include "tg_reset.h"
#include "tg_stack.h"
#include "tg_ticks.h"

#ifndef TG_SERIAL
#define TG_SERIAL Serial
#endif
#ifndef TG_SERIAL_BAUD
#define TG_SERIAL_BAUD 115200UL
#endif

#define TG_GIVE_UP_MS 1000UL /* without progress: nobody listens on the USB port */

static Stream &port = TG_SERIAL;
static enum tg_reset reason;

void tg_hal_init(void) {
  tg_stack_init();
  reason = tg_reset_read();
#if defined(TG_SERIAL_RX_BYTES)
  TG_SERIAL.setRxBufferSize(TG_SERIAL_RX_BYTES); /* before begin: it allocates */
#endif
  TG_SERIAL.begin(TG_SERIAL_BAUD);
  tg_ticks_init();
}

size_t tg_hal_read(uint8_t *buffer, size_t size) {
  const int waiting = port.available();
  const size_t ready = waiting > 0 ? static_cast<size_t>(waiting) : 0;
  const size_t count = ready < size ? ready : size;
  for (size_t i = 0; i < count; i++) {
    buffer[i] = static_cast<uint8_t>(port.read());
  }
  return count;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  unsigned long since = millis();
  while (size > 0) {
    const size_t written = port.write(bytes, size);
    if (written > 0) {
      bytes += written;
      size -= written;
      since = millis();
    } else if (millis() - since > TG_GIVE_UP_MS) {
      return;
    } else {
      yield();
    }
  }
#if defined(TG_SERIAL_FLUSH)
  port.flush();
#endif
}

void tg_hal_idle(void) {
  tg_ticks_idle();
}

/* The counter has 32 bits and may wrap several times during one inference: how often, the clock of
 * milliseconds tells, which is much slower and less exact. */
uint64_t tg_hal_ticks(void) {
  static uint64_t ticks;
  static uint32_t count_before;
  static uint32_t ms_before;
  const uint32_t count = tg_ticks_now();
  const uint32_t ms = static_cast<uint32_t>(millis());
  const uint32_t elapsed = count - count_before;
  const uint64_t about = static_cast<uint64_t>(ms - ms_before) * (tg_ticks_hz() / 1000U);
  const uint64_t half = UINT64_C(1) << 31;
  const uint64_t wraps = about + half > elapsed ? (about + half - elapsed) >> 32 : 0;
  ticks += elapsed + (wraps << 32);
  count_before = count;
  ms_before = ms;
  return ticks;
}

uint32_t tg_hal_tick_hz(void) {
  return tg_ticks_hz();
}

enum tg_reset tg_hal_reset_reason(void) {
  return reason;
}

/* A fault is the core's, and no core's linker script keeps RAM that its start-up does not use. */
const char *tg_hal_last_fault(void) {
  return "";
}

#if defined(TG_SERIAL_FASTEST)
void tg_hal_baud(uint32_t baud) {
  TG_SERIAL.flush();
#if defined(ARDUINO_ARCH_ESP32) /* whose end() forgets what the buffer was told */
  TG_SERIAL.updateBaudRate(baud);
#else
  TG_SERIAL.end();
  TG_SERIAL.begin(baud);
#endif
}
#endif
