/* The port of the test device: standard input and output, ticks that only the fake model moves. */
#ifndef TEST_HAL_H
#define TEST_HAL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

extern uint64_t test_hal_ticks;

#ifdef __cplusplus
}
#endif

#endif /* TEST_HAL_H */
