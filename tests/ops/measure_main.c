/* Runs a model once, on whatever there is in its inputs, then says a full stop on the serial port.
 * A program of Linux ends then. */
#include "model.h"
#include "tg_hal.h"

int main(void) {
  tg_hal_init();
  if (model_init() == MODEL_OK && model_invoke() == MODEL_OK) {
    tg_hal_write((const uint8_t *)".", 1);
  }
#if defined(__linux__)
  return 0;
#else
  for (;;) {
  }
#endif
}
