"""What a program executes in QEMU, block by block, and what that would take on a Cortex-M4."""
