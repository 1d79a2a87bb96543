#!/bin/sh
# Every header on its own and every portable C file, with warnings as errors, by the host's gcc, a
# kernel set's by its core's: as C11, and as the C99 with extensions that some Arduino cores compile.
set -eu
cd "$(dirname "$0")/.."
flags="-Wall -Wextra -Wconversion -Wshadow -Wundef -Wstrict-prototypes -Werror -fsyntax-only"
includes="-Ifirmware/kernels -Ifirmware/protocol -Ifirmware/hal
  -Ifirmware/example_model -Itests/arduino/qemu_core/cores/arduino"
for file in firmware/kernels/*.h firmware/kernels/*/*.h firmware/protocol/*.h firmware/hal/*.h \
  firmware/memory/*.h firmware/tflm/*.h firmware/protocol/*.c firmware/main.c \
  firmware/example_model/*.c; do
  case $file in
    firmware/kernels/mve/* | firmware/kernels/tg_mve_*)
      compiler="arm-none-eabi-gcc -mcpu=cortex-m55 -mthumb -mfloat-abi=hard"
      ;;
    firmware/kernels/dsp/* | firmware/kernels/tg_dsp_*)
      compiler="arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb"
      ;;
    firmware/kernels/neon/*)
      compiler=aarch64-linux-gnu-gcc
      ;;
    *) compiler=gcc ;;
  esac
  for standard in c11 gnu99; do
    # shellcheck disable=SC2086
    $compiler -std=$standard $flags $includes -x c "$file"
  done
done
echo "firmware: no warnings"
