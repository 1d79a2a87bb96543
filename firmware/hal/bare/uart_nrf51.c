/* Serial port of the nRF51 (micro:bit). Its receive FIFO holds six bytes. */
#include "tg_bare.h"

#define UART_START_RX TG_REGISTER(TG_UART_BASE + 0x000U)
#define UART_START_TX TG_REGISTER(TG_UART_BASE + 0x008U)
#define UART_RX_READY TG_REGISTER(TG_UART_BASE + 0x108U)
#define UART_TX_READY TG_REGISTER(TG_UART_BASE + 0x11CU)
#define UART_INTENSET TG_REGISTER(TG_UART_BASE + 0x304U)
#define UART_INTENCLR TG_REGISTER(TG_UART_BASE + 0x308U)
#define UART_ENABLE TG_REGISTER(TG_UART_BASE + 0x500U)
#define UART_PSEL_TX TG_REGISTER(TG_UART_BASE + 0x50CU)
#define UART_PSEL_RX TG_REGISTER(TG_UART_BASE + 0x514U)
#define UART_RXD TG_REGISTER(TG_UART_BASE + 0x518U)
#define UART_TXD TG_REGISTER(TG_UART_BASE + 0x51CU)
#define UART_BAUDRATE TG_REGISTER(TG_UART_BASE + 0x524U)

#define ENABLE_ON 4U
#define INT_RX_READY (1U << 2)
#define PIN_TX 24U
#define PIN_RX 25U

/* The register is a fraction of the 16 MHz clock: baud * 2^32 / 16 MHz, whole steps of 2^12. */
#define BAUDRATE ((uint32_t)((((uint64_t)TG_UART_BAUD << 32) / 16000000U + 0x800U) & 0xFFFFF000U))

void tg_uart_init(void) {
  UART_PSEL_TX = PIN_TX;
  UART_PSEL_RX = PIN_RX;
  UART_BAUDRATE = BAUDRATE;
  UART_ENABLE = ENABLE_ON;
  UART_RX_READY = 0U;
  UART_TX_READY = 0U;
  UART_START_TX = 1U;
  UART_START_RX = 1U;
  UART_INTENSET = INT_RX_READY;
  tg_irq_enable(TG_UART_IRQ);
}

void tg_uart_put(uint8_t byte) {
  UART_TX_READY = 0U;
  UART_TXD = byte;
  while (UART_TX_READY == 0U) {
  }
}

/* Reading RXD moves the FIFO on and raises RX_READY again while it holds more: clear, then read. */
void tg_uart_handler(void) {
  while (UART_RX_READY != 0U) {
    if (!tg_rx_has_room()) {
      UART_INTENCLR = INT_RX_READY;
      return;
    }
    UART_RX_READY = 0U;
    tg_rx_push((uint8_t)UART_RXD);
  }
}

void tg_uart_receive(void) {
  UART_INTENSET = INT_RX_READY;
}
