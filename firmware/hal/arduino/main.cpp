/* The firmware as a sketch: bring up the port and the model, then answer the host for ever. */
#include <Arduino.h>

#include "tg_hal.h"
#include "tg_serve.h"

void setup() {
  tg_hal_init();
  tg_serve_begin();
}

void loop() {
  tg_serve_step();
}
