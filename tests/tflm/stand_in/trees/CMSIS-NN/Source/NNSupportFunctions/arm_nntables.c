#include "arm_nnfunctions.h"

const int8_t arm_nn_least[1] = {-128};
