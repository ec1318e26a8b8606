# SPDX-License-Identifier: Apache-2.0
"""What our modules promise, proved for every input and every stall: Yosys makes a circuit of a module and its
properties, ABC proves it or finds a counterexample."""
