"""What Arm's compiler Vela makes of a model for an Ethos-U, and what it estimates of it.

    compiled = vela.compiled(content, "ethos-u55-128")

Vela is a package of Arm's (the extra `npu`), and runs in a process of its own. Its figures are a
model's, not a measurement's: nothing here runs an Ethos-U.
"""

from __future__ import annotations
