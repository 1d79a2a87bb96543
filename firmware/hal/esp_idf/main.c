/* The firmware as an ESP-IDF application: bring up the port and the model, then answer the host
 * and run the user's program. */
#include "tg_app.h"
#include "tg_hal.h"
#include "tg_serve.h"

void app_main(void);

void app_main(void) {
  tg_hal_init();
  tg_serve_begin();
  app_setup();
  for (;;) {
    tg_serve_step(app_loop);
  }
}
