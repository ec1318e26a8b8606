# SPDX-License-Identifier: Apache-2.0
"""Where `fpgan` begins: from its first import on, Ctrl-C is one line."""

import sys

from fpgan.build.cli.interrupted import interrupted


def main() -> None:
    """Run the program. Exit code 0: done; 1: a check or a tool failed; 2: bad input; 130: interrupted."""
    try:
        from fpgan.build.cli.main import main as run

        run()
    except BaseException as error:
        if not _by_ctrl_c(error):
            raise
        interrupted("--json" in sys.argv)


def _by_ctrl_c(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: modules written in C make an ImportError of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
