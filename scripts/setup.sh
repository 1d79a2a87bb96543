#!/bin/sh
# Installs what tinygen needs on Debian 12 and says so: apt packages that are missing, then a
# virtual environment in .venv with tinygen and its tools. Does nothing the second time.
#
#   scripts/setup.sh        for the emulated Arm boards
#   scripts/setup.sh all    for all emulated boards: AVR, RISC-V, Xtensa and Linux too, as the tests
#                           need, and an SSH server, which is not started (99 MB for QEMU's user mode,
#                           about 350 MB for two cross compilers with C libraries, 2 MB for sshd,
#                           and the browser that the tests look at a page with)
set -eu
cd "$(dirname "$0")/.."

# command or file : Debian package that brings it
needs="
gcc:gcc
g++:g++
/usr/include/stdio.h:libc6-dev
arm-none-eabi-gcc:gcc-arm-none-eabi
/usr/lib/arm-none-eabi/include/stdint.h:libnewlib-arm-none-eabi
qemu-system-arm:qemu-system-arm
"
if [ "${1:-}" = all ]; then
  needs="$needs
/usr/include/newlib/c++/12.2.1/cstdint:libstdc++-arm-none-eabi-newlib
avr-gcc:gcc-avr
cmake:cmake
espeak-ng:espeak-ng
chromium:chromium
/usr/lib/avr/include/avr/io.h:avr-libc
/usr/share/arduino/hardware/arduino/avr/platform.txt:arduino-core-avr
qemu-system-avr:qemu-system-misc
riscv64-unknown-elf-gcc:gcc-riscv64-unknown-elf
/usr/lib/picolibc/riscv64-unknown-elf/include/string.h:picolibc-riscv64-unknown-elf
xtensa-lx106-elf-gcc:gcc-xtensa-lx106
qemu-aarch64:qemu-user
aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu
aarch64-linux-gnu-g++:g++-aarch64-linux-gnu
/usr/aarch64-linux-gnu/include/stdio.h:libc6-dev-arm64-cross
arm-linux-gnueabihf-gcc:gcc-arm-linux-gnueabihf
/usr/arm-linux-gnueabihf/include/stdio.h:libc6-dev-armhf-cross
/usr/sbin/sshd:openssh-server
ssh:openssh-client
/usr/lib/xtensa-lx106-elf/include/string.h:picolibc-xtensa-lx106-elf
"
fi
missing=""
for need in $needs; do
  thing=${need%%:*}
  case $thing in
    /*) [ -e "$thing" ] || missing="$missing ${need##*:}" ;;
    *) command -v "$thing" >/dev/null 2>&1 || missing="$missing ${need##*:}" ;;
  esac
done
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"

if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "error: these Debian packages are missing:$missing" >&2
    echo "  next: install what they bring with your system's package manager" >&2
    exit 5
  fi
  sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    sudo=sudo
  fi
  echo "setup: installing Debian packages:$missing"
  case $missing in
    *openssh-server*)
      # The tests start one of their own, on the loopback: nobody asked for one that listens to all.
      if [ -d /run/systemd/system ]; then
        echo "setup: ssh.service is masked: sudo systemctl unmask ssh.service ssh.socket, to use it"
        $sudo systemctl mask -q ssh.service ssh.socket
      fi
      ;;
  esac
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

stamp=.venv/.tinygen-setup
if [ ! -e "$stamp" ] || ! cmp -s "$stamp" pyproject.toml; then
  echo "setup: installing tinygen and its tools into .venv (TensorFlow is large: minutes)"
  [ -x .venv/bin/python ] || python3 -m venv .venv
  install=".venv/bin/python -m pip install --quiet --disable-pip-version-check --editable"
  if ! $install '.[dev,oracle]'; then
    echo "setup: without the wheel of TensorFlow Lite Micro, the oracle; the numpy reference serves"
    $install '.[dev]'
  fi
  cp pyproject.toml "$stamp"
fi
