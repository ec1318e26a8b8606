# SPDX-License-Identifier: Apache-2.0
"""The end of a command that Ctrl-C ended, maybe while it was imported: so this imports next to nothing."""

import sys


def interrupted(as_json: bool) -> None:
    """Say so and end the process."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
    if as_json:
        sys.stdout.write('{"error": "interrupted"}\n')
    sys.stderr.write("interrupted\n")
    sys.exit(130)
