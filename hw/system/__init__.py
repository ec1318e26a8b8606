# SPDX-License-Identifier: Apache-2.0
"""The operating system's side: files and folders replaced whole, locks, programs that are run."""
