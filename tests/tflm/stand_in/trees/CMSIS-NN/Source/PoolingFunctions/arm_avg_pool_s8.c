#include "arm_nnfunctions.h"

void arm_avg_pool_s8(const int8_t *input, int8_t *output) {
  *output = *input;
}
