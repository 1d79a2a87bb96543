/* What a port gives the firmware: bytes in, bytes out, a free-running tick, and its stack's mark.
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

#ifdef __cplusplus
}
#endif

#endif /* TG_HAL_H */
