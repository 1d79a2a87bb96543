/* What a port gives the firmware: bytes in, bytes out, a free-running tick, its stack's mark, and
 * why it was reset.
 *
 * Every function is called from the main loop only; none allocates.
 */
#ifndef TG_HAL_H
#define TG_HAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bring up the clock, the serial port and the tick. Called once, first. */
void tg_hal_init(void);

/* Take what has arrived, at most `size` bytes, without waiting. Returns the number of bytes. */
size_t tg_hal_read(uint8_t *buffer, size_t size);

/* Send `size` bytes; returns when the port has accepted them all. */
void tg_hal_write(const uint8_t *bytes, size_t size);

/* Nothing to do until a byte arrives: the port may sleep here. May return early. */
void tg_hal_idle(void);

/* Ticks since start-up, never wrapping in practice. */
uint64_t tg_hal_ticks(void);

/* How many of these ticks make one second. */
uint32_t tg_hal_tick_hz(void);

/* Most bytes of stack used so far, 0 where the port cannot tell. */
uint32_t tg_hal_stack_used(void);

/* What started the chip this time. The numbers go over the wire. */
enum tg_reset {
  TG_RESET_UNKNOWN = 0, /* the port cannot tell */
  TG_RESET_POWER_ON = 1,
  TG_RESET_BROWN_OUT = 2, /* the supply fell too low */
  TG_RESET_PIN = 3,
  TG_RESET_SOFTWARE = 4,
  TG_RESET_WATCHDOG = 5,
  TG_RESET_FAULT = 6,   /* the program before crashed, or its core locked up */
  TG_RESET_SLEEP = 7,   /* it woke from a sleep that ends in a reset */
  TG_RESET_DEBUG = 8,   /* a debugger asked for it */
  TG_RESET_KEPT_RAM = 9 /* none of power: RAM is as it was, and more is not known */
};

/* The same answer however often it is asked. */
enum tg_reset tg_hal_reset_reason(void);

/* The words of the fault that the program before this start ended in; empty where there was none,
 * and where the port keeps none. */
const char *tg_hal_last_fault(void);

/* From now on as many bits per second, once all that was written has left. Only ports that are
 * built with TG_SERIAL_FASTEST, the most that their line can, have it. */
void tg_hal_baud(uint32_t baud);

#ifdef __cplusplus
}
#endif

#endif /* TG_HAL_H */
