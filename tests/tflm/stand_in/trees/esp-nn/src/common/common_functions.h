#ifndef COMMON_FUNCTIONS_H
#define COMMON_FUNCTIONS_H

#include <stdint.h>

static inline int32_t esp_nn_larger(int32_t a, int32_t b) {
  return a < b ? b : a;
}

#endif
