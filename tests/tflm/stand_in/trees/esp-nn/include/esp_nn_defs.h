#ifndef ESP_NN_DEFS_H
#define ESP_NN_DEFS_H

#include <stdint.h>

typedef struct data_dims {
  int32_t width;
  int32_t height;
  int32_t channels;
} data_dims_t;

#endif
