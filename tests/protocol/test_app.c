/* A user's program that idles, or with TEST_APP one that spoils all of the model's memory first. */
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "tg_app.h"
#include "tg_hal.h"

void app_setup(void) {
}

void app_loop(void) {
  if (getenv("TEST_APP") != NULL) {
    for (size_t i = 0; i < MODEL_INPUTS; i++) {
      memset(model_input(i), 0x5A, model_inputs[i].elements);
    }
    (void)model_invoke();
  }
  tg_hal_idle();
}
