/* The firmware: bring up the port and the model, then answer the host for ever. */
#include "tg_hal.h"
#include "tg_serve.h"

int main(void) {
  tg_hal_init();
  tg_serve();
}
