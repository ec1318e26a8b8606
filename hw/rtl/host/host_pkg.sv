// SPDX-License-Identifier: Apache-2.0
// The register map of the host interface, generated from hw/host/registers.py.
/* verilator lint_off UNUSEDPARAM */
package host_pkg;
  localparam int unsigned ADDRESS_BITS = 14;
  localparam int unsigned CAPABILITIES = 16;  // constant words at the map's start
  localparam logic [31:0] ID_WORD = 32'h4650474E;  // what ID reads
  localparam logic [31:0] VERSION_WORD = 32'h00010000;  // what VERSION reads
  localparam logic [13:0] IN_WINDOW = 14'h1000;  // any word there: the next word in
  localparam logic [13:0] OUT_WINDOW = 14'h2000;  // any word there: the next word out
  localparam logic [13:0] ID = 14'h0000;  // ro: FPGN
  localparam logic [13:0] VERSION = 14'h0004;  // ro: of this map: major in the upper half, minor in the lower
  localparam logic [13:0] DESIGN = 14'h0008;  // ro: first 32 bits of the SHA-256 of what the design was made of
  // ro: what there is besides the windows: bytes of a memory word, the generator
  localparam logic [13:0] FEATURES = 14'h000C;
  localparam int unsigned FEATURES_DMA_BYTES = 0;  // lowest bit of FEATURES.DMA_BYTES
  localparam int unsigned FEATURES_GENERATOR = 8;  // lowest bit of FEATURES.GENERATOR
  localparam logic [13:0] LATENT_ELEMENTS = 14'h0010;  // ro: per image, the label's among them
  localparam logic [13:0] LATENT_FORMAT = 14'h0014;  // ro: bits and sign of an element, elements per beat
  localparam int unsigned LATENT_FORMAT_BITS = 0;  // lowest bit of LATENT_FORMAT.BITS
  localparam int unsigned LATENT_FORMAT_SIGNED = 8;  // lowest bit of LATENT_FORMAT.SIGNED
  localparam int unsigned LATENT_FORMAT_ELEMENTS = 16;  // lowest bit of LATENT_FORMAT.ELEMENTS
  localparam logic [13:0] LATENT_SCALE = 14'h0018;  // ro: value of one step, float32
  localparam logic [13:0] LATENT_BEATS = 14'h001C;  // ro: of the accelerator's stream, per image
  localparam logic [13:0] IMAGE_SHAPE = 14'h0020;  // ro: of an image
  localparam int unsigned IMAGE_SHAPE_CHANNELS = 0;  // lowest bit of IMAGE_SHAPE.CHANNELS
  localparam int unsigned IMAGE_SHAPE_HEIGHT = 8;  // lowest bit of IMAGE_SHAPE.HEIGHT
  localparam int unsigned IMAGE_SHAPE_WIDTH = 20;  // lowest bit of IMAGE_SHAPE.WIDTH
  localparam logic [13:0] IMAGE_FORMAT = 14'h0024;  // ro: bits and sign of an element, elements per beat
  localparam int unsigned IMAGE_FORMAT_BITS = 0;  // lowest bit of IMAGE_FORMAT.BITS
  localparam int unsigned IMAGE_FORMAT_SIGNED = 8;  // lowest bit of IMAGE_FORMAT.SIGNED
  localparam int unsigned IMAGE_FORMAT_ELEMENTS = 16;  // lowest bit of IMAGE_FORMAT.ELEMENTS
  localparam logic [13:0] IMAGE_SCALE = 14'h0028;  // ro: value of one step, float32
  localparam logic [13:0] IMAGE_BEATS = 14'h002C;  // ro: of the accelerator's stream, per image
  localparam logic [13:0] CLASSES = 14'h0030;  // ro: labels; the last elements of a latent are the one-hot label
  localparam logic [13:0] CLOCK_KHZ = 14'h0034;  // ro: the clock that the design was built for
  localparam logic [13:0] WINDOW_WORDS = 14'h0038;  // ro: words that wait behind each window
  localparam logic [13:0] MAX_IMAGES = 14'h003C;  // ro: in one call
  // rw: START and ABORT act when written and read 0; the others hold for the call
  localparam logic [13:0] CONTROL = 14'h0040;
  localparam int unsigned CONTROL_START = 0;  // lowest bit of CONTROL.START
  localparam int unsigned CONTROL_ABORT = 1;  // lowest bit of CONTROL.ABORT
  localparam int unsigned CONTROL_RESEED = 2;  // lowest bit of CONTROL.RESEED
  localparam int unsigned CONTROL_SOURCE = 4;  // lowest bit of CONTROL.SOURCE
  localparam int unsigned CONTROL_SINK = 6;  // lowest bit of CONTROL.SINK
  localparam logic [13:0] STATUS = 14'h0044;  // ro: a call is under way; an abort is
  localparam int unsigned STATUS_BUSY = 0;  // lowest bit of STATUS.BUSY
  localparam int unsigned STATUS_ABORTING = 1;  // lowest bit of STATUS.ABORTING
  localparam logic [13:0] ERRORS = 14'h0048;  // w1c: since they were cleared
  localparam int unsigned ERRORS_OVERFLOW = 0;  // lowest bit of ERRORS.OVERFLOW
  localparam int unsigned ERRORS_UNDERFLOW = 1;  // lowest bit of ERRORS.UNDERFLOW
  localparam int unsigned ERRORS_ACCESS = 2;  // lowest bit of ERRORS.ACCESS
  localparam int unsigned ERRORS_REFUSED = 3;  // lowest bit of ERRORS.REFUSED
  localparam int unsigned ERRORS_READ_SLVERR = 4;  // lowest bit of ERRORS.READ_SLVERR
  localparam int unsigned ERRORS_READ_DECERR = 5;  // lowest bit of ERRORS.READ_DECERR
  localparam int unsigned ERRORS_WRITE_SLVERR = 6;  // lowest bit of ERRORS.WRITE_SLVERR
  localparam int unsigned ERRORS_WRITE_DECERR = 7;  // lowest bit of ERRORS.WRITE_DECERR
  localparam logic [13:0] IRQ_ENABLE = 14'h004C;  // rw: events that raise the interrupt
  localparam int unsigned IRQ_ENABLE_DONE = 0;  // lowest bit of IRQ_ENABLE.DONE
  localparam int unsigned IRQ_ENABLE_ERROR = 1;  // lowest bit of IRQ_ENABLE.ERROR
  localparam logic [13:0] IRQ_STATUS = 14'h0050;  // w1c: events since they were cleared
  localparam int unsigned IRQ_STATUS_DONE = 0;  // lowest bit of IRQ_STATUS.DONE
  localparam int unsigned IRQ_STATUS_ERROR = 1;  // lowest bit of IRQ_STATUS.ERROR
  localparam logic [13:0] IMAGES = 14'h0054;  // rw: images of the next call
  localparam logic [13:0] LATENTS_IN = 14'h0058;  // ro: latents that this call gave to the accelerator
  localparam logic [13:0] IMAGES_OUT = 14'h005C;  // ro: images that this call took from it
  localparam logic [13:0] IN_SPACE = 14'h0060;  // ro: words that the input window takes now
  localparam logic [13:0] OUT_LEVEL = 14'h0064;  // ro: words that the output window gives now
  localparam logic [13:0] CYCLES_LO = 14'h0068;  // ro: clock cycles of this call
  localparam logic [13:0] CYCLES_HI = 14'h006C;  // ro: its upper half
  localparam logic [13:0] SOURCE_LO = 14'h0070;  // rw: bus address of the latents
  localparam logic [13:0] SOURCE_HI = 14'h0074;  // rw: its upper half
  localparam logic [13:0] DEST_LO = 14'h0078;  // rw: bus address for the images
  localparam logic [13:0] DEST_HI = 14'h007C;  // rw: its upper half
  localparam logic [13:0] SEED_0 = 14'h0080;  // rw: state that RESEED gives to the generator
  localparam logic [13:0] SEED_1 = 14'h0084;  // rw: its second word
  localparam logic [13:0] SEED_2 = 14'h0088;  // rw: its third word
  localparam logic [13:0] SEED_3 = 14'h008C;  // rw: its fourth word
  localparam logic [13:0] LABEL = 14'h0090;  // rw: of every image that the generator's latents make
  localparam logic [1:0] SOURCE_WINDOW = 2'h0;  // CONTROL.SOURCE
  localparam logic [1:0] SOURCE_DMA = 2'h1;  // CONTROL.SOURCE
  localparam logic [1:0] SOURCE_GENERATOR = 2'h2;  // CONTROL.SOURCE
  localparam logic [1:0] SINK_WINDOW = 2'h0;  // CONTROL.SINK
  localparam logic [1:0] SINK_DMA = 2'h1;  // CONTROL.SINK
  localparam logic [1:0] SINK_NONE = 2'h2;  // CONTROL.SINK
endpackage
/* verilator lint_on UNUSEDPARAM */
