/* The fields of a .tflite file that the stand-in reads. */
#ifndef TENSORFLOW_LITE_SCHEMA_SCHEMA_GENERATED_H_
#define TENSORFLOW_LITE_SCHEMA_SCHEMA_GENERATED_H_

#include "flatbuffers/flatbuffers.h"

#define TFLITE_SCHEMA_VERSION (3)

namespace tflite {

enum BuiltinOperator {
  BuiltinOperator_LOGISTIC = 14,
  BuiltinOperator_MAX_POOL_2D = 17,
  BuiltinOperator_RESHAPE = 22,
  BuiltinOperator_CUSTOM = 32,
};

struct Model {
  /* The file begins with where its root table is. */
  flatbuffers::Table Root() const {
    const uint8_t *at = reinterpret_cast<const uint8_t *>(this);
    return flatbuffers::Table(at + flatbuffers::ReadScalar<uint32_t>(at));
  }

  uint32_t version() const {
    return Root().Get<uint32_t>(0, 0U);
  }

  flatbuffers::Vector Codes() const {
    return flatbuffers::Vector(Root().Refer(1));
  }

  flatbuffers::Table Graph() const {
    return flatbuffers::Vector(Root().Refer(2)).At(0);
  }

  flatbuffers::Vector Buffer(uint32_t index) const {
    return flatbuffers::Vector(flatbuffers::Vector(Root().Refer(4)).At(index).Refer(0));
  }

  flatbuffers::Vector Metadata() const {
    return flatbuffers::Vector(Root().Refer(6));
  }
};

inline const Model *GetModel(const void *bytes) {
  return static_cast<const Model *>(bytes);
}

}  // namespace tflite

#endif
