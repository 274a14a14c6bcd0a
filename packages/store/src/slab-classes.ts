// The sizes of chunks, as memcached's slab classes have them, and which of them an item gets.
//
// Class 1 has room for a header and the least key and value worth a class; each class after it is larger by a factor,
// rounded up to 8; the last one has the largest chunk. There are 63 at most: where growth is too slow to get
// there, the last step is a large one. Sizes are bytes of a chunk, with all that `itemBytes` counts. `slabClassOf` is
// on the hot path: no allocation, no search.

import { CLASSES_MAX } from "./layout.ts";

/** What an item's header counts for. */
const HEADER_BYTES = 48;
const ALIGN_BYTES = 8;

// The first of an item's chunks holds its header and its whole key, and tells where the next one is: 359 bytes at most.
const CHUNK_BYTES_MAX_LEAST = 512;

export interface SlabClassOptions {
  readonly pageBytes: number;
  readonly chunkBytesMax: number;
  readonly chunkSpaceMin: number;
  readonly growthFactor: number;
  readonly chunkSizes?: readonly number[] | undefined;
}

export interface SlabClasses {
  /** Bytes of a chunk by class; classes start at 1, and `sizes[0]` is 0. Two classes may have the same size. */
  readonly sizes: Uint32Array;
  /** For each of `step`'s steps, the class for the smallest size in it. */
  readonly classOfStep: Uint8Array;
}

/**
 * Works out the classes.
 *
 * @throws RangeError for what gives no classes, or some that memcached refuses
 * @see memcached doc/memcached.1, -f, -n, -o slab_sizes, -o slab_chunk_max
 */
export function slabClasses(options: SlabClassOptions): SlabClasses {
  const { pageBytes, chunkBytesMax, chunkSizes } = options;
  if (!(chunkBytesMax >= CHUNK_BYTES_MAX_LEAST && pageBytes % chunkBytesMax === 0)) {
    throw new RangeError(
      `chunkBytesMax must be a divisor of pageBytes, ${pageBytes}, from ${CHUNK_BYTES_MAX_LEAST}, got ${chunkBytesMax}`,
    );
  }
  if (chunkSizes !== undefined) checkSizes(chunkSizes, chunkBytesMax);
  const sizes = Uint32Array.of(
    0,
    ...(chunkSizes === undefined ? growingSizes(options) : chunkSizes.map(aligned)),
    chunkBytesMax,
  );
  return { sizes, classOfStep: classesOfSteps(sizes) };
}

/** The class whose chunks an item of `bytes`, from 1 to 2^31, needs; the last one if none is large enough. */
export function slabClassOf({ sizes, classOfStep }: SlabClasses, bytes: number): number {
  let slabClass = classOfStep[step(bytes)] as number;
  const last = sizes.length - 1;
  while (slabClass < last && (sizes[slabClass] as number) < bytes) slabClass++;
  return slabClass;
}

function growingSizes({ chunkBytesMax, chunkSpaceMin, growthFactor }: SlabClassOptions): number[] {
  if (!(Number.isSafeInteger(chunkSpaceMin) && chunkSpaceMin >= 1)) {
    throw new RangeError(`chunkSpaceMin must be a whole number from 1, got ${chunkSpaceMin}`);
  }
  if (!(growthFactor > 1)) throw new RangeError(`growthFactor must be above 1, got ${growthFactor}`);
  const sizes: number[] = [];
  let size = HEADER_BYTES + chunkSpaceMin;
  // A factor so near to 1 that the next size is the same one once it is whole fills all classes but the last with it.
  while (sizes.length < CLASSES_MAX - 1 && size < chunkBytesMax / growthFactor) {
    const chunkBytes = aligned(size);
    sizes.push(chunkBytes);
    size = Math.trunc(chunkBytes * growthFactor);
  }
  return sizes;
}

function checkSizes(chunkSizes: readonly number[], chunkBytesMax: number): void {
  if (chunkSizes.length === 0 || chunkSizes.length >= CLASSES_MAX) {
    throw new RangeError(`chunkSizes must be 1 to ${CLASSES_MAX - 1} sizes, got ${chunkSizes.length}`);
  }
  let last = 0;
  for (const size of chunkSizes) {
    if (!(Number.isSafeInteger(size) && size >= HEADER_BYTES && size <= chunkBytesMax)) {
      throw new RangeError(
        `chunkSizes must be whole numbers from ${HEADER_BYTES} to chunkBytesMax, ${chunkBytesMax}, got ${size}`,
      );
    }
    if (size <= last + ALIGN_BYTES) {
      throw new RangeError(`chunkSizes must grow by more than ${ALIGN_BYTES}, got ${size} after ${last}`);
    }
    last = size;
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}

// Sizes in steps of an eighth of a power of two: with the usual factor, a step has at most one class's end in it.
//
//     bytes  1 2 ... 16  17-18 19-20 ... 31-32  33-36 ... 61-64  65-72 ...
//     step   0 1 ... 15     16    17 ...    23     24 ...    31     32 ...

const STEPS = 256;

function step(bytes: number): number {
  const power = 28 - Math.clz32(bytes - 1);
  return power <= 0 ? bytes - 1 : (power << 3) + ((bytes - 1) >>> power);
}

function bytesOfStep(at: number): number {
  return at < 16 ? at + 1 : (8 + (at & 7)) * 2 ** ((at >>> 3) - 1) + 1;
}

function classesOfSteps(sizes: Uint32Array): Uint8Array {
  const classes = new Uint8Array(STEPS);
  let slabClass = 1;
  for (let at = 0; at < STEPS; at++) {
    while (slabClass < sizes.length - 1 && (sizes[slabClass] as number) < bytesOfStep(at)) slabClass++;
    classes[at] = slabClass;
  }
  return classes;
}
