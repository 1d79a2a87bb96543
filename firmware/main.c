/* The firmware: bring up the port and the model, answer the host and run the user's program. */
#include "tg_app.h"
#include "tg_hal.h"
#include "tg_serve.h"

int main(void) {
  tg_hal_init();
  tg_serve_begin();
  app_setup();
  for (;;) {
    tg_serve_step(app_loop);
  }
}
