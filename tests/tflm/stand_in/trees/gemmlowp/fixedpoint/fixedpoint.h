#ifndef GEMMLOWP_FIXEDPOINT_FIXEDPOINT_H_
#define GEMMLOWP_FIXEDPOINT_FIXEDPOINT_H_

namespace gemmlowp {

template <typename T>
T Max(T a, T b) {
  return a < b ? b : a;
}

}  // namespace gemmlowp

#endif
