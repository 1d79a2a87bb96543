#ifndef FLATBUFFERS_BASE_H_
#define FLATBUFFERS_BASE_H_

#include <stdint.h>
#include <string.h>

namespace flatbuffers {

template <typename T>
T ReadScalar(const uint8_t *at) {
  T value;
  memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace flatbuffers

#endif
