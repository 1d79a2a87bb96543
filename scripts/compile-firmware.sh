#!/bin/sh
# Every header on its own and every portable C file, with warnings as errors, by the host's gcc: as
# C11, and as the C99 with extensions that some Arduino cores compile.
set -eu
cd "$(dirname "$0")/.."
flags="-Wall -Wextra -Wconversion -Wshadow -Wundef -Wstrict-prototypes -Werror -fsyntax-only"
includes="-Ifirmware/kernels -Ifirmware/protocol -Ifirmware/hal
  -Ifirmware/example_model"
for file in firmware/kernels/*.h firmware/kernels/*/*.h firmware/protocol/*.h firmware/hal/*.h \
  firmware/memory/*.h firmware/tflm/*.h firmware/protocol/*.c firmware/main.c \
  firmware/example_model/*.c; do
  for standard in c11 gnu99; do
    # shellcheck disable=SC2086
    gcc -std=$standard $flags $includes -x c "$file"
  done
done
echo "firmware: no warnings"
