// SPDX-License-Identifier: Apache-2.0
// An FPGAN accelerator from C: by its registers alone, or by its memory master where it has one.
//
//   struct fpgan accelerator;
//   struct fpgan_bus bus = fpgan_mapped((void *)0x43C00000);
//   if (fpgan_open(&accelerator, &bus, 0) == FPGAN_OK)
//     fpgan_seeded(&accelerator, 1, 0, images, 64);
//
// Where weights_bytes is not 0, fpgan_load_weights comes first, and again after fpgan_abort.
//
// Latents and images are bytes of the accelerator's streams: element 0 of a beat in its low bits, in two's
// complement, each beat whole bytes. The clock runs and the bitstream is loaded before.
#ifndef FPGAN_H
#define FPGAN_H

#include <stddef.h>
#include <stdint.h>

#include "fpgan_regs.h"

enum fpgan_status {
  FPGAN_OK = 0,
  FPGAN_NOT_THERE,  // ID is another, or the map's version
  FPGAN_OTHER_DESIGN,
  FPGAN_BAD_ARGUMENT,
  FPGAN_STUCK,     // no progress; the call was aborted
  FPGAN_HANGS,     // a memory transfer does not end, not even by an abort
  FPGAN_REPORTED,  // see `errors`
  FPGAN_NO_WEIGHTS,   // none are loaded, so that no image can be made
  FPGAN_BAD_WEIGHTS,  // of another design, of another length or damaged: see `weights`; none are loaded
};

// How registers are reached, by byte offset.
struct fpgan_bus {
  uint32_t (*read)(void *context, uint32_t offset);
  void (*write)(void *context, uint32_t offset, uint32_t value);
  void *context;
};

struct fpgan {
  struct fpgan_bus bus;
  uint32_t latent_bytes, image_bytes;  // of one, in its stream
  uint32_t max_images;                 // of a call
  uint32_t patience;                   // looks at the registers without progress that count as a hang
  uint32_t errors;                     // what ERRORS read after the last call
  uint64_t cycles;                     // of the last call
  uint32_t weights_bytes;              // of a file of weights; 0: they are in the bitstream
  uint32_t weights;                    // what WEIGHTS read last
};

// Registers mapped at an address of this program.
struct fpgan_bus fpgan_mapped(volatile void *registers);

// design: what DESIGN must read; 0: any.
enum fpgan_status fpgan_open(struct fpgan *a, const struct fpgan_bus *bus, uint32_t design);

// `count` images of latents, both through the windows.
enum fpgan_status fpgan_images(struct fpgan *a, const uint8_t *latents, uint8_t *images, uint32_t count);

// `count` images of a seed, whose latents the accelerator makes; label: of a network with classes.
enum fpgan_status fpgan_seeded(struct fpgan *a, uint32_t seed, uint32_t label, uint8_t *images, uint32_t count);

// `count` images by the memory master; bus addresses, caches are the caller's business.
enum fpgan_status fpgan_by_memory(struct fpgan *a, uint64_t latents, uint64_t images, uint32_t count);

// Loads a file of weights, `bytes` long: from this program's memory, or by the memory master from a bus address.
enum fpgan_status fpgan_load_weights(struct fpgan *a, const uint8_t *file, uint32_t bytes);
enum fpgan_status fpgan_load_weights_by_memory(struct fpgan *a, uint64_t file, uint32_t bytes);

// Ends whatever is under way, and forgets weights.
enum fpgan_status fpgan_abort(struct fpgan *a);

#endif
