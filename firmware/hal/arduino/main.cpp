/* The firmware as a sketch: bring up the port and the model, then answer the host and run the
 * user's program. */
#include <Arduino.h>

#include "tg_app.h"
#include "tg_hal.h"
#include "tg_serve.h"

void setup() {
  tg_hal_init();
  tg_serve_begin();
  app_setup();
}

void loop() {
  tg_serve_step(app_loop);
}
