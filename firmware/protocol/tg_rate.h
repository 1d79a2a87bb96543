/* Part of tg_serve.c: the rate of the serial line, where the port can change it: the first one
 * again when nothing more is heard, so that a host that is gone, or hears nothing, finds the
 * device. */
#ifndef TG_RATE_H
#define TG_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "tg_hal.h"
#include "tg_protocol.h"

/* A coarse clock, of 65,536 ticks: 32 bits are enough, and little code. */
#define TG_COARSE 16u

static inline uint32_t tg_clock(void) {
  return (uint32_t)(tg_hal_ticks() >> TG_COARSE);
}

static inline bool tg_quiet_since(uint32_t heard) {
  return tg_clock() - heard > (TG_QUIET_SECONDS * tg_hal_tick_hz()) >> TG_COARSE;
}

#if defined(TG_SERIAL_FASTEST)

#define TG_SLOWEST 9600u

static uint32_t tg_rate_now; /* 0: the first one */

static inline bool tg_rate_asked(uint8_t kind) {
  return kind == TG_BAUD;
}

static inline bool tg_rate_possible(uint32_t baud) {
  return baud >= TG_SLOWEST && baud <= TG_SERIAL_FASTEST;
}

static inline void tg_rate_change(uint32_t baud) {
  uint32_t wanted = baud == TG_SERIAL_BAUD ? 0u : baud;
  if (wanted != tg_rate_now) {
    tg_hal_baud(baud);
    tg_rate_now = wanted;
  }
}

/* `heard`: when the last request was dealt with, by tg_clock. */
static inline void tg_rate_check(uint32_t heard) {
  if (tg_rate_now != 0u && tg_quiet_since(heard)) {
    tg_rate_change((uint32_t)TG_SERIAL_BAUD);
  }
}

#else

static inline bool tg_rate_asked(uint8_t kind) {
  (void)kind;
  return false;
}

static inline bool tg_rate_possible(uint32_t baud) {
  (void)baud;
  return false;
}

static inline void tg_rate_change(uint32_t baud) {
  (void)baud;
}

static inline void tg_rate_check(uint32_t heard) {
  (void)heard;
}

#endif

#endif /* TG_RATE_H */
