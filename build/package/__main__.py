# SPDX-License-Identifier: Apache-2.0
"""`python -m fpgan`: the `fpgan` command."""

from fpgan.build.cli.entry import main

if __name__ == "__main__":
    main()
