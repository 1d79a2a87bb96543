/* Reading of flatbuffers, as far as the stand-in needs it. */
#ifndef FLATBUFFERS_FLATBUFFERS_H_
#define FLATBUFFERS_FLATBUFFERS_H_

#include "flatbuffers/base.h"

namespace flatbuffers {

/* A table; NULL reads as one without any field. */
class Table {
 public:
  explicit Table(const uint8_t *at) : at_(at) {
  }

  template <typename T>
  T Get(int field, T otherwise) const {
    const uint8_t *at = Find(field);
    return at == nullptr ? otherwise : ReadScalar<T>(at);
  }

  /* What a field refers to. */
  const uint8_t *Refer(int field) const {
    const uint8_t *at = Find(field);
    return at == nullptr ? nullptr : at + ReadScalar<uint32_t>(at);
  }

 private:
  const uint8_t *Find(int field) const {
    if (at_ == nullptr) {
      return nullptr;
    }
    const uint8_t *vtable = at_ - ReadScalar<int32_t>(at_);
    const uint32_t entry = 4U + 2U * static_cast<uint32_t>(field);
    if (entry >= ReadScalar<uint16_t>(vtable)) {
      return nullptr;
    }
    const uint16_t offset = ReadScalar<uint16_t>(vtable + entry);
    return offset == 0 ? nullptr : at_ + offset;
  }

  const uint8_t *at_;
};

/* A vector of numbers or of tables; NULL reads as an empty one. */
class Vector {
 public:
  explicit Vector(const uint8_t *at) : at_(at) {
  }

  uint32_t size() const {
    return at_ == nullptr ? 0U : ReadScalar<uint32_t>(at_);
  }

  const uint8_t *data() const {
    return at_ + 4;
  }

  int32_t Number(uint32_t index) const {
    return ReadScalar<int32_t>(data() + 4U * index);
  }

  Table At(uint32_t index) const {
    const uint8_t *at = data() + 4U * index;
    return Table(at + ReadScalar<uint32_t>(at));
  }

 private:
  const uint8_t *at_;
};

}  // namespace flatbuffers

#endif
