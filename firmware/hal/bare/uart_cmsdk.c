/* Serial port of the Arm Cortex-M System Design Kit (MPS2 and MPS3 boards). No FIFO. */
#include "tg_bare.h"

#define UART_DATA TG_REGISTER(TG_UART_BASE + 0x00U)
#define UART_STATE TG_REGISTER(TG_UART_BASE + 0x04U)
#define UART_CTRL TG_REGISTER(TG_UART_BASE + 0x08U)
#define UART_INTCLEAR TG_REGISTER(TG_UART_BASE + 0x0CU)
#define UART_BAUDDIV TG_REGISTER(TG_UART_BASE + 0x10U)

#define STATE_TX_FULL (1U << 0)
#define STATE_RX_FULL (1U << 1)
#define CTRL_TX_ENABLE (1U << 0)
#define CTRL_RX_ENABLE (1U << 1)
#define CTRL_RX_INTERRUPT (1U << 3)
#define INT_RX (1U << 1)

#define SMALLEST_BAUDDIV 16U

void tg_uart_init(void) {
  const uint32_t divider = TG_TICK_HZ / TG_UART_BAUD;
  UART_BAUDDIV = divider < SMALLEST_BAUDDIV ? SMALLEST_BAUDDIV : divider;
  UART_CTRL = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
  tg_irq_enable(TG_UART_IRQ);
}

void tg_uart_put(uint8_t byte) {
  while ((UART_STATE & STATE_TX_FULL) != 0U) {
  }
  UART_DATA = byte;
}

/* Without room the byte stays in the port and its interrupt is turned off, not served for ever. The
 * interrupt is cleared before the byte is read: reading may bring in the next one at once. */
void tg_uart_handler(void) {
  while ((UART_STATE & STATE_RX_FULL) != 0U) {
    UART_INTCLEAR = INT_RX;
    if (!tg_rx_has_room()) {
      UART_CTRL = CTRL_TX_ENABLE | CTRL_RX_ENABLE;
      return;
    }
    tg_rx_push((uint8_t)UART_DATA);
  }
}

/* The interrupt is raised by an arriving byte, not by its presence: take the waiting one first. */
void tg_uart_receive(void) {
  const uint32_t state = tg_irq_hold();
  UART_CTRL = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
  tg_uart_handler();
  tg_irq_restore(state);
}
