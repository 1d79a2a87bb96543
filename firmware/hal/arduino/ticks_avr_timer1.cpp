/* Processor cycles of an AVR: Timer1 without prescaler, 16 bits extended by its overflow. Timer0,
 * which the core counts milliseconds with, is too coarse for this, and QEMU has none. */
#include <Arduino.h>
#include <avr/interrupt.h>

#include "tg_ticks.h"

static volatile uint16_t overflows;

ISR(TIMER1_OVF_vect) {
  overflows++;
}

void tg_ticks_init(void) {
  TCCR1A = 0;
  TCNT1 = 0;
  TIFR1 = _BV(TOV1);
  TIMSK1 = _BV(TOIE1);
  TCCR1B = _BV(CS10);
}

/* Each reading restarts the counter, so that equal work is interrupted at the same places and
 * takes equal ticks; the price is the few ticks of the reading itself. */
uint32_t tg_ticks_now(void) {
  static uint32_t ticks;
  const uint8_t state = SREG;
  cli();
  TCCR1B = 0;
  if ((TIFR1 & _BV(TOV1)) != 0) {
    TIFR1 = _BV(TOV1);
    overflows++;
  }
  ticks += (static_cast<uint32_t>(overflows) << 16) + TCNT1;
  overflows = 0;
  TCNT1 = 0;
  TCCR1B = _BV(CS10);
  SREG = state;
  return ticks;
}

uint32_t tg_ticks_hz(void) {
  return F_CPU;
}

/* No sleep: it saves nothing here, and in QEMU nothing ends it. */
void tg_ticks_idle(void) {
}
