/* Which function a general name stands for on an ESP32-S3. */
#ifndef ESP_NN_ESP32S3_H
#define ESP_NN_ESP32S3_H

#include "esp_nn_defs.h"

int esp_nn_get_max_pool_scratch_size_esp32s3(const data_dims_t *input);
void esp_nn_max_pool_s8_esp32s3(const int8_t *input, const data_dims_t *in, int8_t *output,
                                const data_dims_t *out, const data_dims_t *stride,
                                const data_dims_t *window);

#define esp_nn_get_max_pool_scratch_size esp_nn_get_max_pool_scratch_size_esp32s3
#define esp_nn_max_pool_s8 esp_nn_max_pool_s8_esp32s3

#endif
