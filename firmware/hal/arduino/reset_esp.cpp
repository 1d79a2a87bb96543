/* The ESP32 family, by Espressif's own start-up code. */
#include "tg_reset.h"
#include "tg_reset_esp.h"

enum tg_reset tg_reset_read(void) {
  return tg_reset_esp(esp_reset_reason());
}
