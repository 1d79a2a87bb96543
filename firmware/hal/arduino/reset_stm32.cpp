/* RCC of an STM32, by the names that its family's header has. Power sets the pin's flag too. */
#include <Arduino.h>

#include "tg_reset.h"

#if defined(RCC_RSR_RMVF) /* STM32H7 */

#define FLAGS RCC->RSR
#define CLEAR RCC_RSR_RMVF
static const struct tg_reset_flag flags[] = {
    {RCC_RSR_LPWRRSTF, TG_RESET_SLEEP},     {RCC_RSR_WWDG1RSTF, TG_RESET_WATCHDOG},
    {RCC_RSR_IWDG1RSTF, TG_RESET_WATCHDOG}, {RCC_RSR_SFTRSTF, TG_RESET_SOFTWARE},
    {RCC_RSR_PORRSTF, TG_RESET_POWER_ON},   {RCC_RSR_BORRSTF, TG_RESET_BROWN_OUT},
    {RCC_RSR_PINRSTF, TG_RESET_PIN},
};

#else

#define FLAGS RCC->CSR
#define CLEAR RCC_CSR_RMVF
static const struct tg_reset_flag flags[] = {
    {RCC_CSR_LPWRRSTF, TG_RESET_SLEEP},    {RCC_CSR_WWDGRSTF, TG_RESET_WATCHDOG},
    {RCC_CSR_IWDGRSTF, TG_RESET_WATCHDOG}, {RCC_CSR_SFTRSTF, TG_RESET_SOFTWARE},
#if defined(RCC_CSR_PORRSTF)
    {RCC_CSR_PORRSTF, TG_RESET_POWER_ON},
#endif
#if defined(RCC_CSR_BORRSTF) && defined(RCC_CSR_PORRSTF)
    {RCC_CSR_BORRSTF, TG_RESET_BROWN_OUT},
#elif defined(RCC_CSR_BORRSTF) /* STM32L4: one flag for both */
    {RCC_CSR_BORRSTF, TG_RESET_POWER_ON},
#endif
    {RCC_CSR_PINRSTF, TG_RESET_PIN},
};

#endif

enum tg_reset tg_reset_read(void) {
  const uint32_t found = FLAGS;
  FLAGS = found | CLEAR;
  return tg_reset_first(found, flags);
}
