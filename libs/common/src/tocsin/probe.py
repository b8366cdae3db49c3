"""`python -m tocsin.probe INTAKE_HTTP`: asks the service that listens there whether it is alive.

For the health check of an image, which has no curl: it starts in some 50 ms.
"""

import http.client
import os
import sys
from collections.abc import Mapping, Sequence

WITHIN = 5.0
USAGE = 2
ANYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}  # noqa: S104 - nothing is bound here.


def main(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Return 0 when the service answers 200, 1 when it does not, 2 without its address."""
    address = environ.get(words[0], "") if words else ""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        sys.stderr.write("name the variable that holds host:port, such as INTAKE_HTTP\n")
        return USAGE
    connection = http.client.HTTPConnection(ANYWHERE.get(host, host), int(port), timeout=WITHIN)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        sys.stdout.write(answer.read().decode(errors="replace") + "\n")
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"{address} does not answer: {error}\n")
        return 1
    finally:
        connection.close()
    return 0 if answer.status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
