#!/bin/sh
# The main job on a real model: train, quantize, generate, build, flash, verify.
set -eu
out=${1:-build/demo}
bin=$(dirname "$0")/../../.venv/bin
mkdir -p "$out"

say() {
  printf '\n$ %s\n' "$*"
  "$@"
}

PATH="$bin:$PATH"
say python "$(dirname "$0")/train.py" "$out"
say tinygen build "$out/digits.h5" --board qemu-cortex-m0 --data "$out/calibration.npz" \
  --test "$out/test.npz" --out "$out/firmware"
trap 'tinygen stop "$out/firmware" >/dev/null 2>&1 || true' EXIT
say tinygen flash "$out/firmware"
say tinygen verify "$out/firmware"
say tinygen stop "$out/firmware"
