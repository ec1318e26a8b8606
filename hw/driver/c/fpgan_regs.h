// SPDX-License-Identifier: Apache-2.0
// The register map of the host interface, generated from hw/host/registers.py.
#ifndef FPGAN_REGS_H
#define FPGAN_REGS_H

#define FPGAN_SPAN 0x4000u  // bytes of the registers and windows
#define FPGAN_ID_WORD 0x4650474Eu  // what ID reads
#define FPGAN_VERSION_WORD 0x10000u  // what VERSION reads
#define FPGAN_IN_WINDOW 0x1000u  // any word there: the next word in
#define FPGAN_OUT_WINDOW 0x2000u  // any word there: the next word out
#define FPGAN_ID 0x00u  // ro: FPGN
#define FPGAN_VERSION 0x04u  // ro: of this map: major in the upper half, minor in the lower
#define FPGAN_DESIGN 0x08u  // ro: first 32 bits of the SHA-256 of what the design was made of
#define FPGAN_FEATURES 0x0Cu  // ro: what there is besides the windows: bytes of a memory word, the generator
#define FPGAN_FEATURES_DMA_BYTES 0x00u  // lowest bit of FEATURES.DMA_BYTES
#define FPGAN_FEATURES_GENERATOR 0x08u  // lowest bit of FEATURES.GENERATOR
#define FPGAN_LATENT_ELEMENTS 0x10u  // ro: per image, the label's among them
#define FPGAN_LATENT_FORMAT 0x14u  // ro: bits and sign of an element, elements per beat
#define FPGAN_LATENT_FORMAT_BITS 0x00u  // lowest bit of LATENT_FORMAT.BITS
#define FPGAN_LATENT_FORMAT_SIGNED 0x08u  // lowest bit of LATENT_FORMAT.SIGNED
#define FPGAN_LATENT_FORMAT_ELEMENTS 0x10u  // lowest bit of LATENT_FORMAT.ELEMENTS
#define FPGAN_LATENT_SCALE 0x18u  // ro: value of one step, float32
#define FPGAN_LATENT_BEATS 0x1Cu  // ro: of the accelerator's stream, per image
#define FPGAN_IMAGE_SHAPE 0x20u  // ro: of an image
#define FPGAN_IMAGE_SHAPE_CHANNELS 0x00u  // lowest bit of IMAGE_SHAPE.CHANNELS
#define FPGAN_IMAGE_SHAPE_HEIGHT 0x08u  // lowest bit of IMAGE_SHAPE.HEIGHT
#define FPGAN_IMAGE_SHAPE_WIDTH 0x14u  // lowest bit of IMAGE_SHAPE.WIDTH
#define FPGAN_IMAGE_FORMAT 0x24u  // ro: bits and sign of an element, elements per beat
#define FPGAN_IMAGE_FORMAT_BITS 0x00u  // lowest bit of IMAGE_FORMAT.BITS
#define FPGAN_IMAGE_FORMAT_SIGNED 0x08u  // lowest bit of IMAGE_FORMAT.SIGNED
#define FPGAN_IMAGE_FORMAT_ELEMENTS 0x10u  // lowest bit of IMAGE_FORMAT.ELEMENTS
#define FPGAN_IMAGE_SCALE 0x28u  // ro: value of one step, float32
#define FPGAN_IMAGE_BEATS 0x2Cu  // ro: of the accelerator's stream, per image
#define FPGAN_CLASSES 0x30u  // ro: labels; the last elements of a latent are the one-hot label
#define FPGAN_CLOCK_KHZ 0x34u  // ro: the clock that the design was built for
#define FPGAN_WINDOW_WORDS 0x38u  // ro: words that wait behind each window
#define FPGAN_MAX_IMAGES 0x3Cu  // ro: in one call
#define FPGAN_CONTROL 0x40u  // rw: START and ABORT act when written and read 0; the others hold for the call
#define FPGAN_CONTROL_START 0x00u  // lowest bit of CONTROL.START
#define FPGAN_CONTROL_ABORT 0x01u  // lowest bit of CONTROL.ABORT
#define FPGAN_CONTROL_RESEED 0x02u  // lowest bit of CONTROL.RESEED
#define FPGAN_CONTROL_LOAD 0x03u  // lowest bit of CONTROL.LOAD
#define FPGAN_CONTROL_SOURCE 0x04u  // lowest bit of CONTROL.SOURCE
#define FPGAN_CONTROL_SINK 0x06u  // lowest bit of CONTROL.SINK
#define FPGAN_STATUS 0x44u  // ro: a call is under way; an abort is
#define FPGAN_STATUS_BUSY 0x00u  // lowest bit of STATUS.BUSY
#define FPGAN_STATUS_ABORTING 0x01u  // lowest bit of STATUS.ABORTING
#define FPGAN_ERRORS 0x48u  // w1c: since they were cleared
#define FPGAN_ERRORS_OVERFLOW 0x00u  // lowest bit of ERRORS.OVERFLOW
#define FPGAN_ERRORS_UNDERFLOW 0x01u  // lowest bit of ERRORS.UNDERFLOW
#define FPGAN_ERRORS_ACCESS 0x02u  // lowest bit of ERRORS.ACCESS
#define FPGAN_ERRORS_REFUSED 0x03u  // lowest bit of ERRORS.REFUSED
#define FPGAN_ERRORS_READ_SLVERR 0x04u  // lowest bit of ERRORS.READ_SLVERR
#define FPGAN_ERRORS_READ_DECERR 0x05u  // lowest bit of ERRORS.READ_DECERR
#define FPGAN_ERRORS_WRITE_SLVERR 0x06u  // lowest bit of ERRORS.WRITE_SLVERR
#define FPGAN_ERRORS_WRITE_DECERR 0x07u  // lowest bit of ERRORS.WRITE_DECERR
#define FPGAN_IRQ_ENABLE 0x4Cu  // rw: events that raise the interrupt
#define FPGAN_IRQ_ENABLE_DONE 0x00u  // lowest bit of IRQ_ENABLE.DONE
#define FPGAN_IRQ_ENABLE_ERROR 0x01u  // lowest bit of IRQ_ENABLE.ERROR
#define FPGAN_IRQ_STATUS 0x50u  // w1c: events since they were cleared
#define FPGAN_IRQ_STATUS_DONE 0x00u  // lowest bit of IRQ_STATUS.DONE
#define FPGAN_IRQ_STATUS_ERROR 0x01u  // lowest bit of IRQ_STATUS.ERROR
#define FPGAN_IMAGES 0x54u  // rw: images of the next call, or bytes of the file that it loads
#define FPGAN_LATENTS_IN 0x58u  // ro: latents that this call gave to the accelerator
#define FPGAN_IMAGES_OUT 0x5Cu  // ro: images that this call took from it
#define FPGAN_IN_SPACE 0x60u  // ro: words that the input window takes now
#define FPGAN_OUT_LEVEL 0x64u  // ro: words that the output window gives now
#define FPGAN_CYCLES_LO 0x68u  // ro: clock cycles of this call
#define FPGAN_CYCLES_HI 0x6Cu  // ro: its upper half
#define FPGAN_SOURCE_LO 0x70u  // rw: bus address of the latents, or of the file of weights
#define FPGAN_SOURCE_HI 0x74u  // rw: its upper half
#define FPGAN_DEST_LO 0x78u  // rw: bus address for the images
#define FPGAN_DEST_HI 0x7Cu  // rw: its upper half
#define FPGAN_SEED_0 0x80u  // rw: state that RESEED gives to the generator
#define FPGAN_SEED_1 0x84u  // rw: its second word
#define FPGAN_SEED_2 0x88u  // rw: its third word
#define FPGAN_SEED_3 0x8Cu  // rw: its fourth word
#define FPGAN_LABEL 0x90u  // rw: of every image that the generator's latents make
#define FPGAN_WEIGHTS 0x94u  // ro: a call with LOAD has loaded them; why it has not
#define FPGAN_WEIGHTS_LOADED 0x00u  // lowest bit of WEIGHTS.LOADED
#define FPGAN_WEIGHTS_FOREIGN 0x01u  // lowest bit of WEIGHTS.FOREIGN
#define FPGAN_WEIGHTS_LENGTH 0x02u  // lowest bit of WEIGHTS.LENGTH
#define FPGAN_WEIGHTS_SUM 0x03u  // lowest bit of WEIGHTS.SUM
#define FPGAN_WEIGHTS_BYTES 0x98u  // ro: of the file that LOAD takes; 0: weights are in the bitstream
#define FPGAN_WEIGHTS_DESIGN 0x9Cu  // ro: identity of the design in that file
#define FPGAN_SOURCE_WINDOW 0x00u  // CONTROL.SOURCE
#define FPGAN_SOURCE_DMA 0x01u  // CONTROL.SOURCE
#define FPGAN_SOURCE_GENERATOR 0x02u  // CONTROL.SOURCE
#define FPGAN_SINK_WINDOW 0x00u  // CONTROL.SINK
#define FPGAN_SINK_DMA 0x01u  // CONTROL.SINK
#define FPGAN_SINK_NONE 0x02u  // CONTROL.SINK

#endif
