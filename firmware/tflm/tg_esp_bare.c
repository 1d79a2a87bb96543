/* What Espressif's kernels ask of a C library to complain, where the C library's own would bring a
 * heap and files along: the words go to the serial port as they stand. */
#include <stdio.h>
#include <string.h>

#include "tg_hal.h"

int puts(const char *text) {
  tg_hal_write((const uint8_t *)text, strlen(text));
  return 0;
}

int printf(const char *format, ...) {
  return puts(format);
}
