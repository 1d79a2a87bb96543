#ifndef ARM_NNFUNCTIONS_H
#define ARM_NNFUNCTIONS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const int8_t arm_nn_least[1];

/* Dimensions are NHWC. The buffer holds a row of channels. */
int32_t arm_max_pool_s8_get_buffer_size(int32_t channels);
void arm_max_pool_s8(const int8_t *input, const int32_t *in, int8_t *output, const int32_t *out,
                     int32_t stride_height, int32_t stride_width, int32_t height, int32_t width,
                     uint8_t *buffer);
void arm_avg_pool_s8(const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
