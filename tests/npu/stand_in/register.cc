/* Registers upstream's own kernel for the Ethos-U with the host's interpreter. */
#include "tensorflow/lite/micro/kernels/ethos_u/ethosu.cc"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

extern "C" bool register_ethos_u(tflite::MicroMutableOpResolver<200> *resolver) {
  return resolver->AddEthosU() == kTfLiteOk;
}
