/* Where a chip's own instructions would be. Assembled by nothing here. */
    .text
    .global esp_nn_max_pool_s8_esp32s3
esp_nn_max_pool_s8_esp32s3:
    /* It asks esp_nn_lanes_esp32s3 how many channels it has. */
    call8 esp_nn_lanes_esp32s3
    retw.n
