/* SiFive Freedom E cores (FE310): the UART and the cycle counter, without interrupt handlers.
 *
 * The port's eight-byte FIFO is emptied by the main loop; its interrupt stays masked and only ends
 * the sleep. Start-up and stack are someone else's: startup_riscv.c, or Freedom Metal's and
 * start_metal.c.
 *
 *   TG_UART_BASE, TG_UART_IRQ   the serial port
 *   TG_UART_BAUD, TG_TICK_HZ    its bits per second, and cycles per second; both left out where
 *                               Freedom Metal has set up the clocks and the port
 */
#include "tg_hal.h"

#define TG_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define UART_TXDATA TG_REGISTER(TG_UART_BASE + 0x00U)
#define UART_RXDATA TG_REGISTER(TG_UART_BASE + 0x04U)
#define UART_TXCTRL TG_REGISTER(TG_UART_BASE + 0x08U)
#define UART_RXCTRL TG_REGISTER(TG_UART_BASE + 0x0CU)
#define UART_IE TG_REGISTER(TG_UART_BASE + 0x10U)
#define UART_DIV TG_REGISTER(TG_UART_BASE + 0x18U)

#define TXDATA_FULL (1U << 31)
#define RXDATA_EMPTY (1U << 31)
#define CTRL_ENABLE (1U << 0)
#define IE_RX (1U << 1)

#define PLIC_PRIORITY(irq) TG_REGISTER(0x0C000000U + 4U * (irq))
#define PLIC_ENABLE(irq) TG_REGISTER(0x0C002000U + 4U * ((irq) / 32U))
#define PLIC_THRESHOLD TG_REGISTER(0x0C200000U)
#define PLIC_CLAIM TG_REGISTER(0x0C200004U)

#define MSTATUS_MIE (1U << 3)
#define MIE_EXTERNAL (1U << 11)

void tg_hal_init(void) {
  __asm volatile("csrc mstatus, %0" ::"r"(MSTATUS_MIE));
#if defined(TG_TICK_HZ)
  UART_DIV = TG_TICK_HZ / TG_UART_BAUD - 1U;
#endif
  UART_TXCTRL = CTRL_ENABLE;
  UART_RXCTRL = CTRL_ENABLE;
  UART_IE = IE_RX;
  PLIC_PRIORITY(TG_UART_IRQ) = 1U;
  PLIC_ENABLE(TG_UART_IRQ) = 1U << (TG_UART_IRQ % 32U);
  PLIC_THRESHOLD = 0U;
  __asm volatile("csrs mie, %0" ::"r"(MIE_EXTERNAL));
}

size_t tg_hal_read(uint8_t *buffer, size_t size) {
  size_t count = 0;
  while (count < size) {
    const uint32_t data = UART_RXDATA;
    if ((data & RXDATA_EMPTY) != 0U) {
      break;
    }
    buffer[count++] = (uint8_t)data;
  }
  return count;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    while ((UART_TXDATA & TXDATA_FULL) != 0U) {
    }
    UART_TXDATA = bytes[i];
  }
}

/* A masked interrupt ends the sleep too. Claiming it lets the next byte raise it again. */
void tg_hal_idle(void) {
  __asm volatile("wfi" ::: "memory");
  const uint32_t irq = PLIC_CLAIM;
  if (irq != 0U) {
    PLIC_CLAIM = irq;
  }
}

uint64_t tg_hal_ticks(void) {
  uint32_t high;
  uint32_t low;
  uint32_t again;
  do {
    __asm volatile("csrr %0, mcycleh" : "=r"(high));
    __asm volatile("csrr %0, mcycle" : "=r"(low));
    __asm volatile("csrr %0, mcycleh" : "=r"(again));
  } while (high != again);
  return (uint64_t)high << 32 | low;
}

#if defined(TG_TICK_HZ)

uint32_t tg_hal_tick_hz(void) {
  return TG_TICK_HZ;
}

#else

#define CLINT_MTIME TG_REGISTER(0x0200BFF8U)
#define MTIME_HZ 32768U
#define CALIBRATION 3277U /* of these: a tenth of a second */

/* Measured once against the crystal that keeps the time of day. */
uint32_t tg_hal_tick_hz(void) {
  static uint32_t hz;
  if (hz == 0U) {
    const uint32_t edge = CLINT_MTIME;
    uint32_t start;
    do {
      start = CLINT_MTIME;
    } while (start == edge);
    const uint64_t cycles = tg_hal_ticks();
    while (CLINT_MTIME - start < CALIBRATION) {
    }
    hz = (uint32_t)((tg_hal_ticks() - cycles) * MTIME_HZ / CALIBRATION);
  }
  return hz;
}

#endif
