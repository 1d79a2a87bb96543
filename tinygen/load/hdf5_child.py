"""Reads a whole HDF5 file in a process of its own, which a damaged file may crash.

Run as a script: the file on stdin, the largest size of its data in bytes as the argument. Writes
one JSON object to stdout. Imports nothing of tinygen, so that it starts quickly.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

MAX_OBJECTS = 100_000


def inspect(content: bytes, max_bytes: int) -> dict[str, Any]:
    """What the file holds: `config`, `version`, `names` at the top; or what is wrong with it:
    `damage`, `too_large`, or `danger` where it would read other files."""
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            facts = {
                "config": _text(file.attrs.get("model_config")),
                "version": _text(file.attrs.get("keras_version")),
                "names": sorted({*file, *file.attrs}),
            }
            return facts | _read_all(file, max_bytes)
    except Exception as error:  # h5py and NumPy raise many types on damaged files
        return {"damage": str(error).split("\n")[0][:200] or type(error).__name__}


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None


def _read_all(root: Any, max_bytes: int) -> dict[str, Any]:
    """Reads every attribute and data set; stops at the first that must not be read."""
    import h5py

    pending = [root]
    seen: set[int] = set()
    total = 0
    while pending:
        group = pending.pop()
        dict(group.attrs)
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                return {"danger": f"'{group.name}/{name}' is read from the file '{link.filename}'"}
            if isinstance(link, h5py.SoftLink):
                continue  # leads to an object that is found under its own name
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > MAX_OBJECTS:
                return {"damage": "it holds too many objects"}
            if isinstance(item, h5py.Group):
                pending.append(item)
            elif isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    return {"danger": f"'{item.name}' is read from another file"}
                total += item.nbytes  # compressed data can claim any size
                if total > max_bytes:
                    return {"too_large": True}
                dict(item.attrs)
                item[()]
    return {}


if __name__ == "__main__":
    json.dump(inspect(sys.stdin.buffer.read(), int(sys.argv[1])), sys.stdout)
