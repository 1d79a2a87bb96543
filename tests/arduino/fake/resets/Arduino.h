/* What the cores have that a reset is asked of: the value is the test's, in place of a register. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stdint.h>

extern volatile uint32_t fake_status;  /* what the chip, or the core, says */
extern volatile uint32_t fake_written; /* what was written back */

/* A register that keeps what is written to it apart from what is read. */
template <typename bits>
struct fake_register {
  operator bits() const {
    return static_cast<bits>(fake_status);
  }
  fake_register &operator=(bits value) {
    fake_written = value;
    return *this;
  }
};
extern fake_register<uint32_t> fake_any;
extern fake_register<uint8_t> fake_small;
#define TG_REGISTER(address) fake_any

/* AVR */
#define _BV(bit) (1U << (bit))
#define PORF 0
#define EXTRF 1
#define BORF 2
#define WDRF 3
#define MCUSR fake_small

/* Adafruit's core for the nRF52 */
inline uint32_t readResetReason() {
  return fake_status;
}

/* arduino-pico */
struct RP2040 {
  enum resetReason_t {
    UNKNOWN_RESET,
    PWRON_RESET,
    RUN_PIN_RESET,
    SOFT_RESET,
    WDT_RESET,
    DEBUG_RESET,
    GLITCH_RESET,
    BROWNOUT_RESET
  };
  resetReason_t getResetReason() {
    return static_cast<resetReason_t>(static_cast<uint32_t>(fake_status));
  }
};
extern RP2040 rp2040;

/* STM32: the flags that CMSIS has for each family */
struct fake_rcc {
  fake_register<uint32_t> CSR, RSR;
};
extern fake_rcc fake_rcc_registers;
#define RCC (&fake_rcc_registers)
#if defined(STM32H7)
#define RCC_RSR_RMVF (1U << 16)
#define RCC_RSR_BORRSTF (1U << 21)
#define RCC_RSR_PINRSTF (1U << 22)
#define RCC_RSR_PORRSTF (1U << 23)
#define RCC_RSR_SFTRSTF (1U << 24)
#define RCC_RSR_IWDG1RSTF (1U << 26)
#define RCC_RSR_WWDG1RSTF (1U << 28)
#define RCC_RSR_LPWRRSTF (1U << 30)
#else
#define RCC_CSR_PINRSTF (1U << 26)
#define RCC_CSR_SFTRSTF (1U << 28)
#define RCC_CSR_IWDGRSTF (1U << 29)
#define RCC_CSR_WWDGRSTF (1U << 30)
#define RCC_CSR_LPWRRSTF (1U << 31)
#if defined(STM32F4)
#define RCC_CSR_RMVF (1U << 24)
#define RCC_CSR_BORRSTF (1U << 25)
#define RCC_CSR_PORRSTF (1U << 27)
#else /* STM32L4 */
#define RCC_CSR_RMVF (1U << 23)
#define RCC_CSR_BORRSTF (1U << 27)
#endif
#endif

#endif /* ARDUINO_H */
