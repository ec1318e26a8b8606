# SPDX-License-Identifier: Apache-2.0
"""The register map, generated from hw/host/registers.py by `python -m fpgan.hw.host.registers`."""

ID, VERSION = 0x4650474E, 0x00010000
IN_WINDOW, OUT_WINDOW, WINDOW_BYTES = 0x1000, 0x2000, 0x1000
SPAN = 0x4000  # bytes of the registers and windows
CONTROL_START = 0
CONTROL_ABORT = 1
CONTROL_RESEED = 2
CONTROL_SOURCE = 4
CONTROL_SINK = 6
REGISTERS = {
    "ID": 0x00, "VERSION": 0x04, "DESIGN": 0x08, "FEATURES": 0x0C,
    "LATENT_ELEMENTS": 0x10, "LATENT_FORMAT": 0x14, "LATENT_SCALE": 0x18, "LATENT_BEATS": 0x1C,
    "IMAGE_SHAPE": 0x20, "IMAGE_FORMAT": 0x24, "IMAGE_SCALE": 0x28, "IMAGE_BEATS": 0x2C,
    "CLASSES": 0x30, "CLOCK_KHZ": 0x34, "WINDOW_WORDS": 0x38, "MAX_IMAGES": 0x3C,
    "CONTROL": 0x40, "STATUS": 0x44, "ERRORS": 0x48, "IRQ_ENABLE": 0x4C,
    "IRQ_STATUS": 0x50, "IMAGES": 0x54, "LATENTS_IN": 0x58, "IMAGES_OUT": 0x5C,
    "IN_SPACE": 0x60, "OUT_LEVEL": 0x64, "CYCLES_LO": 0x68, "CYCLES_HI": 0x6C,
    "SOURCE_LO": 0x70, "SOURCE_HI": 0x74, "DEST_LO": 0x78, "DEST_HI": 0x7C,
    "SEED_0": 0x80, "SEED_1": 0x84, "SEED_2": 0x88, "SEED_3": 0x8C,
    "LABEL": 0x90,
}  # fmt: skip
ERRORS = {
    "OVERFLOW": 0x00, "UNDERFLOW": 0x01, "ACCESS": 0x02, "REFUSED": 0x03,
    "READ_SLVERR": 0x04, "READ_DECERR": 0x05, "WRITE_SLVERR": 0x06, "WRITE_DECERR": 0x07,
}  # fmt: skip
SOURCES = {
    "WINDOW": 0x00, "DMA": 0x01, "GENERATOR": 0x02,
}  # fmt: skip
SINKS = {
    "WINDOW": 0x00, "DMA": 0x01, "NONE": 0x02,
}  # fmt: skip
