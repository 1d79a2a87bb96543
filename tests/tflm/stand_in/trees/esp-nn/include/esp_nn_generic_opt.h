/* Which function a general name stands for on any core. */
#ifndef ESP_NN_GENERIC_OPT_H
#define ESP_NN_GENERIC_OPT_H

#include "esp_nn_defs.h"

int esp_nn_get_max_pool_scratch_size_opt(const data_dims_t *input);
void esp_nn_max_pool_s8_opt(const int8_t *input, const data_dims_t *in, int8_t *output,
                            const data_dims_t *out, const data_dims_t *stride,
                            const data_dims_t *window);

#define esp_nn_get_max_pool_scratch_size esp_nn_get_max_pool_scratch_size_opt
#define esp_nn_max_pool_s8 esp_nn_max_pool_s8_opt

#endif
