/* The firmware as an ESP-IDF application: bring up the port and the model, then answer the host
 * for ever. */
#include "tg_hal.h"
#include "tg_serve.h"

void app_main(void);

void app_main(void) {
  tg_hal_init();
  tg_serve();
}
