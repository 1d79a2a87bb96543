/* The bare-metal port: puts the tick, the serial port and the stack's mark behind tg_hal.h. */
#include "tg_bare.h"
#include "tg_hal.h"

/* Received bytes wait in a ring that the interrupt handler fills and the main loop empties. When
 * it is full the handler leaves the byte in the port, and the sender has to wait. The indices run
 * freely; each has one writer, so neither side needs a lock. */
#define TG_RX_RING 256U

static volatile uint8_t rx_ring[TG_RX_RING];
static volatile uint32_t rx_head;   /* next to write, by the interrupt handler */
static volatile uint32_t rx_tail;   /* next to read, by the main loop */
static volatile uint8_t rx_stalled; /* the handler found no room and waits for tg_uart_receive() */

int tg_rx_has_room(void) {
  const int room = rx_head - rx_tail < TG_RX_RING;
  if (!room) {
    rx_stalled = 1U;
  }
  return room;
}

void tg_rx_push(uint8_t byte) {
  const uint32_t head = rx_head;
  rx_ring[head % TG_RX_RING] = byte;
  rx_head = head + 1U;
}

void tg_hal_init(void) {
  tg_ticks_init();
  tg_uart_init();
}

size_t tg_hal_read(uint8_t *buffer, size_t size) {
  const uint32_t head = rx_head;
  const uint32_t tail = rx_tail;
  size_t count = 0;
  while (count < size && tail + (uint32_t)count != head) {
    buffer[count] = rx_ring[(tail + (uint32_t)count) % TG_RX_RING];
    count++;
  }
  rx_tail = tail + (uint32_t)count;
  if (rx_stalled != 0U) {
    rx_stalled = 0U;
    tg_uart_receive();
  }
  return count;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    tg_uart_put(bytes[i]);
  }
}

/* The tick is stopped while the processor sleeps: under QEMU's instruction counting an armed timer
 * would make virtual time, and the host's processor, race through the idle time. A byte that
 * arrives after the check still wakes the processor, because held interrupts end the sleep too. */
void tg_hal_idle(void) {
  const uint32_t state = tg_irq_hold();
  if (rx_head == rx_tail) {
    tg_ticks_pause();
    tg_wait_for_interrupt();
    tg_ticks_resume();
  }
  tg_irq_restore(state);
}

uint32_t tg_hal_tick_hz(void) {
  return TG_TICK_HZ;
}
