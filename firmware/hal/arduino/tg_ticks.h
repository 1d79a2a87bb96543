/* The tick of the Arduino port: one ticks_*.cpp per kind of counter, chosen by the board. */
#ifndef TG_TICKS_H
#define TG_TICKS_H

#include <stdint.h>

/* Start the counter. Called once, from setup(). */
void tg_ticks_init(void);

/* The counter, which wraps at 2^32. */
uint32_t tg_ticks_now(void);

/* Counts per second. */
uint32_t tg_ticks_hz(void);

/* Nothing to do until a byte arrives. May sleep, and return early. */
void tg_ticks_idle(void);

#endif /* TG_TICKS_H */
