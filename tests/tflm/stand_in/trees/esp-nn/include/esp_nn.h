#ifndef ESP_NN_H
#define ESP_NN_H

#ifdef __cplusplus
extern "C" {
#endif

#ifdef ARCH_ESP32_S3
#include "esp_nn_esp32s3.h"
#else
#include "esp_nn_generic_opt.h"
#endif

#ifdef __cplusplus
}
#endif

#endif
