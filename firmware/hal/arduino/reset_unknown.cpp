/* A core or a boot loader that takes the reason away before the sketch starts. */
#include "tg_reset.h"

enum tg_reset tg_reset_read(void) {
  return TG_RESET_UNKNOWN;
}
