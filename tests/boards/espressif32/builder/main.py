"""Compiles with the RISC-V compiler on PATH, and joins what was compiled into one object."""

from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
core = ["-march=rv32imac", "-misa-spec=2.2", "-mabi=ilp32", "--specs=picolibc.specs"]
env.Replace(
    AR="riscv64-unknown-elf-ar",
    CC="riscv64-unknown-elf-gcc",
    CXX="riscv64-unknown-elf-g++",
    RANLIB="riscv64-unknown-elf-ranlib",
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
)
env.Append(
    CFLAGS=["-std=gnu17"],
    CCFLAGS=[*core, "-O2", "-Wall"],
    LINKFLAGS=["-march=rv32imac", "-mabi=ilp32", "-nostdlib", "-r"],
)
program = env.BuildProgram()
env.AddPlatformTarget("nobuild", program, None, "nobuild")
Default(program)
