"""Whether a host on the network answers, found out quickly."""

from __future__ import annotations

import contextlib
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException


def any_answers(hosts: Sequence[str], seconds: float) -> bool:
    """Whether one of `hosts` answers HTTPS within `seconds`, through the user's proxy if there is
    one. Any answer counts, also a refusal or a certificate nobody knows.
    """
    found: queue.Queue[bool] = queue.Queue()

    def ask(host: str) -> None:
        found.put(_answers(host, seconds))

    # Daemons, because looking up a name cannot be bounded and must not keep tinygen from ending.
    for host in hosts:
        threading.Thread(target=ask, args=(host,), daemon=True).start()
    with contextlib.suppress(queue.Empty):
        for _ in hosts:
            if found.get(timeout=seconds):
                return True
    return False


def _answers(host: str, seconds: float) -> bool:
    request = urllib.request.Request(f"https://{host}", method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=seconds):
            return True
    except urllib.error.HTTPError:
        return True
    except urllib.error.URLError as error:
        return "certificate" in str(error.reason).lower()
    except (OSError, HTTPException, ValueError):
        return False
