// SPDX-License-Identifier: Apache-2.0
#include "fpgan.h"

#define PATIENCE 10000000u

static uint32_t get(const struct fpgan *a, uint32_t offset) { return a->bus.read(a->bus.context, offset); }

static void set(const struct fpgan *a, uint32_t offset, uint32_t value) {
  a->bus.write(a->bus.context, offset, value);
}

static uint32_t read_mapped(void *context, uint32_t offset) {
  return ((volatile uint32_t *)context)[offset / 4];
}

static void write_mapped(void *context, uint32_t offset, uint32_t value) {
  ((volatile uint32_t *)context)[offset / 4] = value;
}

struct fpgan_bus fpgan_mapped(volatile void *registers) {
  struct fpgan_bus bus = {read_mapped, write_mapped, (void *)(uintptr_t)registers};
  return bus;
}

// Bytes of an image or a latent in its stream: beats of whole bytes.
static uint32_t stream_bytes(uint32_t beats, uint32_t format) {
  return beats * (((format >> 16) * (format & 0xFF) + 7) / 8);
}

enum fpgan_status fpgan_open(struct fpgan *a, const struct fpgan_bus *bus, uint32_t design) {
  a->bus = *bus;
  a->patience = PATIENCE;
  a->errors = 0;
  a->cycles = 0;
  a->weights = 0;
  if (get(a, FPGAN_ID) != FPGAN_ID_WORD) return FPGAN_NOT_THERE;
  if (get(a, FPGAN_VERSION) >> 16 != FPGAN_VERSION_WORD >> 16) return FPGAN_NOT_THERE;
  if (design && get(a, FPGAN_DESIGN) != design) return FPGAN_OTHER_DESIGN;
  a->latent_bytes = stream_bytes(get(a, FPGAN_LATENT_BEATS), get(a, FPGAN_LATENT_FORMAT));
  a->image_bytes = stream_bytes(get(a, FPGAN_IMAGE_BEATS), get(a, FPGAN_IMAGE_FORMAT));
  a->max_images = get(a, FPGAN_MAX_IMAGES);
  a->weights_bytes = get(a, FPGAN_WEIGHTS_BYTES);
  return fpgan_abort(a);
}

enum fpgan_status fpgan_abort(struct fpgan *a) {
  set(a, FPGAN_CONTROL, 1u << FPGAN_CONTROL_ABORT);
  for (uint32_t look = 0; get(a, FPGAN_STATUS); look++)
    if (look == a->patience) return FPGAN_HANGS;
  set(a, FPGAN_ERRORS, 0xFFFFFFFFu);
  return FPGAN_OK;
}

// What moves through the windows in a call; positions in bytes.
struct transfer {
  const uint8_t *in;
  uint8_t *out;
  uint64_t in_bytes, out_bytes, sent, got;
};

static uint32_t least(uint64_t words, uint32_t there) { return words < there ? (uint32_t)words : there; }

static uint32_t send(const struct fpgan *a, struct transfer *t) {
  uint32_t words = t->sent < t->in_bytes ? least((t->in_bytes - t->sent + 3) / 4, get(a, FPGAN_IN_SPACE)) : 0;
  for (uint32_t i = 0; i < words; i++) {
    uint32_t word = 0;
    for (unsigned b = 0; b < 4 && t->sent < t->in_bytes; b++) word |= (uint32_t)t->in[t->sent++] << 8 * b;
    set(a, FPGAN_IN_WINDOW, word);
  }
  return words;
}

static uint32_t take(const struct fpgan *a, struct transfer *t) {
  uint32_t words = t->got < t->out_bytes ? least((t->out_bytes - t->got + 3) / 4, get(a, FPGAN_OUT_LEVEL)) : 0;
  for (uint32_t i = 0; i < words; i++) {
    const uint32_t word = get(a, FPGAN_OUT_WINDOW);
    for (unsigned b = 0; b < 4 && t->got < t->out_bytes; b++) t->out[t->got++] = (uint8_t)(word >> 8 * b);
  }
  return words;
}

// count: images, or bytes of the file that is loaded.
static enum fpgan_status start(struct fpgan *a, uint32_t control, uint32_t count, struct transfer *t) {
  uint32_t seen = 0, idle = 0;
  set(a, FPGAN_IMAGES, count);
  set(a, FPGAN_CONTROL, control | 1u << FPGAN_CONTROL_RESEED | 1u << FPGAN_CONTROL_START);
  while (get(a, FPGAN_STATUS)) {
    const uint32_t done = get(a, FPGAN_IMAGES_OUT), moved = send(a, t) + take(a, t);
    idle = moved || done != seen ? 0 : idle + 1;
    seen = done;
    if (idle > a->patience) return fpgan_abort(a) == FPGAN_OK ? FPGAN_STUCK : FPGAN_HANGS;
  }
  while (take(a, t)) {  // the last words may have come with the end of the call
  }
  a->cycles = get(a, FPGAN_CYCLES_LO) | (uint64_t)get(a, FPGAN_CYCLES_HI) << 32;
  a->errors = get(a, FPGAN_ERRORS);
  set(a, FPGAN_ERRORS, a->errors);
  return a->errors ? FPGAN_REPORTED : t->got == t->out_bytes ? FPGAN_OK : FPGAN_STUCK;
}

static uint32_t loaded(struct fpgan *a) {
  a->weights = get(a, FPGAN_WEIGHTS);
  return a->weights >> FPGAN_WEIGHTS_LOADED & 1;
}

static enum fpgan_status run(struct fpgan *a, uint32_t source, uint32_t sink, uint32_t count, struct transfer *t) {
  if (a->weights_bytes && !loaded(a)) return FPGAN_NO_WEIGHTS;
  return start(a, source << FPGAN_CONTROL_SOURCE | sink << FPGAN_CONTROL_SINK, count, t);
}

static enum fpgan_status load(struct fpgan *a, uint32_t source, uint32_t bytes, struct transfer *t) {
  const uint32_t control = 1u << FPGAN_CONTROL_LOAD | source << FPGAN_CONTROL_SOURCE;
  if (!a->weights_bytes || !bytes) return FPGAN_BAD_ARGUMENT;
  const enum fpgan_status status = start(a, control, bytes, t);
  const uint32_t there = loaded(a);
  return status != FPGAN_OK || there ? status : FPGAN_BAD_WEIGHTS;
}

enum fpgan_status fpgan_load_weights(struct fpgan *a, const uint8_t *file, uint32_t bytes) {
  struct transfer t = {file, NULL, bytes, 0, 0, 0};
  return load(a, FPGAN_SOURCE_WINDOW, bytes, &t);
}

enum fpgan_status fpgan_images(struct fpgan *a, const uint8_t *latents, uint8_t *images, uint32_t count) {
  struct transfer t = {latents, images, (uint64_t)a->latent_bytes * count, (uint64_t)a->image_bytes * count, 0, 0};
  if (count > a->max_images) return FPGAN_BAD_ARGUMENT;
  return run(a, FPGAN_SOURCE_WINDOW, FPGAN_SINK_WINDOW, count, &t);
}

// A state of the generator for any seed: four words of SplitMix32.
static void set_seed(const struct fpgan *a, uint32_t seed) {
  for (unsigned i = 0; i < 4; i++) {
    uint32_t z = seed += 0x9E3779B9u;
    z = (z ^ z >> 16) * 0x85EBCA6Bu;
    z = (z ^ z >> 13) * 0xC2B2AE35u;
    set(a, FPGAN_SEED_0 + 4 * i, z ^ z >> 16);
  }
}

enum fpgan_status fpgan_seeded(struct fpgan *a, uint32_t seed, uint32_t label, uint8_t *images, uint32_t count) {
  struct transfer t = {NULL, images, 0, (uint64_t)a->image_bytes * count, 0, 0};
  const uint32_t classes = get(a, FPGAN_CLASSES);
  if (count > a->max_images || (classes ? label >= classes : label)) return FPGAN_BAD_ARGUMENT;
  if (!(get(a, FPGAN_FEATURES) >> FPGAN_FEATURES_GENERATOR & 1)) return FPGAN_BAD_ARGUMENT;
  set_seed(a, seed);
  set(a, FPGAN_LABEL, label);
  return run(a, FPGAN_SOURCE_GENERATOR, FPGAN_SINK_WINDOW, count, &t);
}

static void set_source(const struct fpgan *a, uint64_t address) {
  set(a, FPGAN_SOURCE_LO, (uint32_t)address);
  set(a, FPGAN_SOURCE_HI, (uint32_t)(address >> 32));
}

enum fpgan_status fpgan_load_weights_by_memory(struct fpgan *a, uint64_t file, uint32_t bytes) {
  struct transfer t = {NULL, NULL, 0, 0, 0, 0};
  if (!(get(a, FPGAN_FEATURES) & 0xFF)) return FPGAN_BAD_ARGUMENT;
  set_source(a, file);
  return load(a, FPGAN_SOURCE_DMA, bytes, &t);
}

enum fpgan_status fpgan_by_memory(struct fpgan *a, uint64_t latents, uint64_t images, uint32_t count) {
  struct transfer t = {NULL, NULL, 0, 0, 0, 0};
  if (count > a->max_images || !(get(a, FPGAN_FEATURES) & 0xFF)) return FPGAN_BAD_ARGUMENT;
  set_source(a, latents);
  set(a, FPGAN_DEST_LO, (uint32_t)images);
  set(a, FPGAN_DEST_HI, (uint32_t)(images >> 32));
  return run(a, FPGAN_SOURCE_DMA, FPGAN_SINK_DMA, count, &t);
}
