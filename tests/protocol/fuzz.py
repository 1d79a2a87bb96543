"""The frame parser and what answers frames, under libFuzzer with AddressSanitizer and UBSan.

    python -m tests.protocol.fuzz [SECONDS]

Starts from the tracked corpus, which the tests replay; a finding is kept in build/fuzz-frames.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

from tests.protocol import protocol_device as pd
from tinygen.devices.link.frames import VERSION, Kind, encode

CORPUS = pd.HERE / "corpus"
_SOURCES = (
    *sorted((pd.FIRMWARE / "protocol").glob("*.c")),
    pd.HERE / "fake_model.c",
    pd.HERE / "fuzz_frames.c",
)
_DEFINES = (
    *("-DTG_PAYLOAD_BYTES=32u", "-DIMAGE=40u", "-DSCORES=50u"),
    *("-DTG_SERIAL_BAUD=115200u", "-DTG_SERIAL_FASTEST=921600u"),
)
"""Small: a fuzzer soon reaches the ends of every buffer."""
_INSTALL = "sudo apt-get install clang libclang-rt-14-dev"
_COMPILERS = ("clang", "clang-14", "clang-15", "clang-16", "clang-17", "clang-18", "clang-19")


def compile_replay(target: Path) -> Path:
    """The harness with a main of its own, by the compiler of the other tests."""
    command = ["gcc", "-std=c11", "-O1", "-g", *pd.WARNINGS, *pd.SANITIZE, "-DREPLAY"]
    _compile([*command, "-Wno-conversion"], target)
    return target


def compile_fuzzer(target: Path) -> Path:
    """The harness with libFuzzer. SystemExit where there is no clang."""
    compiler = next((name for name in _COMPILERS if shutil.which(name)), None)
    if compiler is None:
        raise SystemExit(f"clang is missing: {_INSTALL}")
    try:
        _compile([compiler, "-O1", "-g", "-fsanitize=fuzzer,address,undefined"], target)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{compiler} failed; are its libraries there? {_INSTALL}") from error
    return target


def _compile(command: list[str], target: Path) -> None:
    command += [*pd.INCLUDES, *_DEFINES, *map(str, _SOURCES), "-o", str(target)]
    subprocess.run(command, check=True)


def piece(content: bytes, *, framed: bool = True, portion: int = 64) -> bytes:
    """A piece of an input: what a frame carries, or bytes as they are."""
    return bytes([(portion - 1) << 1 | framed, len(content)]) + content


def seeds() -> dict[str, bytes]:
    """Conversations as the host has them, by name, for a fuzzer to start from."""
    image, extra = bytes(range(40)), b"\1\2\3"
    crc = struct.pack("<I", zlib.crc32(image + extra))

    def asked(kind: int, body: bytes, sequence: int = 5) -> bytes:
        return piece(struct.pack("<BBHI", VERSION, kind, 0x1234, sequence) + body)

    hello = asked(Kind.HELLO, bytes(4))
    writes = b"".join(
        asked(Kind.WRITE, struct.pack("<HI", index, offset) + data[offset : offset + 32])
        for index, data in enumerate((image, extra))
        for offset in range(0, len(data), 32)
    )
    invoke = asked(Kind.INVOKE, crc, sequence=6)
    reads = b"".join(
        asked(Kind.READ, struct.pack("<HIH", index, offset, size))
        for index, offset, size in ((0, 0, 32), (0, 32, 18), (1, 0, 4))
    )
    run = asked(Kind.RUN, crc + struct.pack("<HI", 1, 0) + extra, sequence=7)
    rate = struct.pack("<I", 921_600)
    frame = encode(struct.pack("<BBHI", VERSION, Kind.HELLO, 0x1234, 5) + bytes(4))
    return {
        "hello": hello + asked(Kind.HELLO, struct.pack("<I", 32)),
        "infer": hello + writes + invoke + invoke + reads,
        "run": hello + writes + run + run + reads,
        "rates": hello + asked(Kind.BAUD, rate) + asked(Kind.BAUD, rate + bytes(28)) + invoke,
        "other": asked(Kind.READ, bytes(8)) + hello + asked(99, b"") + asked(Kind.PEEK, bytes(9)),
        "raw": piece(frame, framed=False, portion=3) + piece(frame[:9], framed=False),
        "noise": piece(b"boot log\r\n" + b"\xff" * 80 + b"\0", framed=False) + hello,
    }


def main() -> int:
    """Fuzz; the exit code is the fuzzer's, 0 without a finding."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    folder = Path("build", "fuzz-frames")
    found = folder / "corpus"
    found.mkdir(parents=True, exist_ok=True)
    fuzzer = compile_fuzzer(folder / "fuzzer")
    options = [f"-max_total_time={seconds}", "-max_len=2048", "-timeout=10", "-print_final_stats=1"]
    command = [str(fuzzer), *options, f"-artifact_prefix={folder}/", str(found), str(CORPUS)]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
