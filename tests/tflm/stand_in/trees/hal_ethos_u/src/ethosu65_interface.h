#ifndef ETHOSU65_INTERFACE_H
#define ETHOSU65_INTERFACE_H

#include <stdint.h>

struct NPU_REG {
  union {
    uint32_t word;
  } ID;
  struct {
    uint32_t state : 1;
    uint32_t irq_raised : 1;
  } STATUS;
  uint32_t others[8];
  struct {
    uint32_t macs_per_cc : 4;
  } CONFIG;
};

#endif
