#include <common_functions.h>
#include <esp_nn_esp32s3.h>

#define LANES 16

static int32_t rounded(int32_t channels) {
  return (channels + LANES - 1) / LANES * LANES;
}

int esp_nn_get_max_pool_rows_esp32s3(void) {
  return 40;
}

int esp_nn_get_max_pool_scratch_size_esp32s3(const data_dims_t *input) {
  return input->channels * esp_nn_get_max_pool_rows_esp32s3();
}

int32_t esp_nn_lanes_esp32s3(const data_dims_t *input) {
  return esp_nn_larger(LANES, rounded(input->channels));
}
