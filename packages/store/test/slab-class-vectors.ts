// The slab classes that memcached 1.6.18 makes of its options, as `memcached -vv` tells them, and what it refuses.
//
// Recorded; packages/conformance/test/store-classes-peer.test.ts asks the installed one again.

import type { SlabClassOptions } from "../src/slab-classes.ts";

/** As memcached without options. */
export const SLAB_CLASS_DEFAULTS: SlabClassOptions = {
  pageBytes: 1_048_576,
  chunkBytesMax: 524_288,
  chunkSpaceMin: 48,
  growthFactor: 1.25,
};

const BY_DEFAULT = `
  96 120 152 192 240 304 384 480 600 752 944 1184 1480 1856 2320 2904 3632 4544 5680 7104 8880 11104
  13880 17352 21696 27120 33904 42384 52984 66232 82792 103496 129376 161720 202152 252696 315872
  394840 524288`;

export const SLAB_CLASSES: readonly (readonly [
  args: string,
  options: Partial<SlabClassOptions>,
  sizes: string,
])[] = [
  ["", {}, BY_DEFAULT],
  ["-C", {}, BY_DEFAULT],
  ["-I 5m", {}, BY_DEFAULT],
  [
    "-f 1.08",
    { growthFactor: 1.08 },
    `
      96 104 112 120 136 152 168 184 200 216 240 264 288 312 336 368 400 432 472 512 552 600 648 704 760
      824 896 968 1048 1136 1232 1336 1448 1568 1696 1832 1984 2144 2320 2512 2712 2928 3168 3424 3704
      4000 4320 4672 5048 5456 5896 6368 6880 7432 8032 8680 9376 10128 10944 11824 12776 13800 524288`,
  ],
  ["-f 1.01", { growthFactor: 1.01 }, `${"96 ".repeat(62)}524288`],
  [
    "-f 1.5",
    { growthFactor: 1.5 },
    `
      96 144 216 328 496 744 1120 1680 2520 3784 5680 8520 12784 19176 28768 43152 64728 97096 145648
      218472 327712 524288`,
  ],
  ["-f 2", { growthFactor: 2 }, "96 192 384 768 1536 3072 6144 12288 24576 49152 98304 196608 524288"],
  ["-f 100000", { growthFactor: 100_000 }, "524288"],
  [
    "-n 7",
    { chunkSpaceMin: 7 },
    `
      56 72 96 120 152 192 240 304 384 480 600 752 944 1184 1480 1856 2320 2904 3632 4544 5680 7104 8880
      11104 13880 17352 21696 27120 33904 42384 52984 66232 82792 103496 129376 161720 202152 252696
      315872 394840 524288`,
  ],
  [
    "-n 1000",
    { chunkSpaceMin: 1_000 },
    `
      1048 1312 1640 2056 2576 3224 4032 5040 6304 7880 9856 12320 15400 19256 24072 30096 37624 47032
      58792 73496 91872 114840 143552 179440 224304 280384 350480 524288`,
  ],
  ["-n 500000", { chunkSpaceMin: 500_000 }, "524288"],
  ["-f 3.7 -n 33", { growthFactor: 3.7, chunkSpaceMin: 33 }, "88 328 1216 4504 16664 61656 524288"],
  [
    "-f 1.1 -n 8",
    { growthFactor: 1.1, chunkSpaceMin: 8 },
    `
      56 64 72 80 88 96 112 128 144 160 176 200 224 248 272 304 336 376 416 464 512 568 624 688 760 840
      928 1024 1128 1240 1368 1504 1656 1824 2008 2208 2432 2680 2952 3248 3576 3936 4336 4776 5256 5784
      6368 7008 7712 8488 9336 10272 11304 12440 13688 15056 16568 18224 20048 22056 24264 26696 524288`,
  ],
  [
    "-f 1.16 -n 24",
    { growthFactor: 1.16, chunkSpaceMin: 24 },
    `
      72 88 104 120 144 168 200 232 272 320 376 440 512 600 696 808 944 1096 1272 1480 1720 2000 2320 2696
      3128 3632 4216 4896 5680 6592 7648 8872 10296 11944 13856 16072 18648 21632 25096 29112 33776 39184
      45456 52728 61168 70960 82320 95496 110776 128504 149064 172920 200592 232688 269920 313112 363216
      421336 524288`,
  ],
  [
    "-o no_modern",
    { chunkBytesMax: 1_048_576 },
    `
      96 120 152 192 240 304 384 480 600 752 944 1184 1480 1856 2320 2904 3632 4544 5680 7104 8880 11104
      13880 17352 21696 27120 33904 42384 52984 66232 82792 103496 129376 161720 202152 252696 315872
      394840 493552 616944 771184 1048576`,
  ],
  ["-o no_modern -I 5m", {}, BY_DEFAULT],
  [
    "-o no_modern -f 1.07",
    { chunkBytesMax: 1_048_576, growthFactor: 1.07 },
    `
      96 104 112 120 128 136 152 168 184 200 216 232 248 272 296 320 344 368 400 432 464 496 536 576 616
      664 712 768 824 888 952 1024 1096 1176 1264 1352 1448 1552 1664 1784 1912 2048 2192 2352 2520 2696
      2888 3096 3312 3544 3792 4064 4352 4656 4984 5336 5712 6112 6544 7008 7504 8032 1048576`,
  ],
  [
    "-o slab_chunk_max=16384",
    { chunkBytesMax: 16_384 },
    `
      96 120 152 192 240 304 384 480 600 752 944 1184 1480 1856 2320 2904 3632 4544 5680 7104 8880 11104
      16384`,
  ],
  ["-o slab_chunk_max=1024", { chunkBytesMax: 1_024 }, "96 120 152 192 240 304 384 480 600 752 1024"],
  ["-I 600k -o slab_chunk_max=512", { chunkBytesMax: 512 }, "96 120 152 192 240 304 384 512"],
  [
    "-f 1.2 -n 50 -o slab_chunk_max=262144",
    { growthFactor: 1.2, chunkSpaceMin: 50, chunkBytesMax: 262_144 },
    `
      104 128 160 192 232 280 336 408 496 600 720 864 1040 1248 1504 1808 2176 2616 3144 3776 4536 5448
      6544 7856 9432 11320 13584 16304 19568 23488 28192 33832 40600 48720 58464 70160 84192 101032 121240
      145488 174592 209512 262144`,
  ],
  ["-o slab_sizes=100-200-400", { chunkSizes: [100, 200, 400] }, "104 200 400 524288"],
  ["-o slab_sizes=48-57-66-75", { chunkSizes: [48, 57, 66, 75] }, "48 64 72 80 524288"],
  ["-o slab_sizes=100-524285", { chunkSizes: [100, 524_285] }, "104 524288 524288"],
];

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => 96 + 16 * i);

/** What neither makes classes of: memcached's words, and ours. */
export const SLAB_CLASS_REFUSALS: readonly (readonly [
  args: string,
  words: string,
  options: Partial<SlabClassOptions>,
  error: string,
])[] = [
  ["-f 1", "Factor must be greater than 1", { growthFactor: 1 }, "growthFactor must be above 1, got 1"],
  ["-f x", "Factor must be greater than 1", { growthFactor: NaN }, "growthFactor must be above 1, got NaN"],
  [
    "-n 0",
    "Chunk size must be greater than 0",
    { chunkSpaceMin: 0 },
    "chunkSpaceMin must be a whole number from 1, got 0",
  ],
  [
    "-o slab_chunk_max=2097152",
    "slab_chunk_max (bytes: 2097152) cannot be larger than -I (item_size_max 1048576)",
    { chunkBytesMax: 2_097_152 },
    "chunkBytesMax must be a divisor of pageBytes, 1048576, from 512, got 2097152",
  ],
  [
    "-o slab_chunk_max=600",
    "-I (item_size_max: 1048576) must be evenly divisible by slab_chunk_max (bytes: 600)",
    { chunkBytesMax: 600 },
    "chunkBytesMax must be a divisor of pageBytes, 1048576, from 512, got 600",
  ],
  [
    "-o slab_sizes=47-100",
    "slab size 47 is out of valid range",
    { chunkSizes: [47, 100] },
    "chunkSizes must be whole numbers from 48 to chunkBytesMax, 524288, got 47",
  ],
  [
    "-o slab_sizes=100-524289",
    "slab size 524289 is out of valid range",
    { chunkSizes: [100, 524_289] },
    "chunkSizes must be whole numbers from 48 to chunkBytesMax, 524288, got 524289",
  ],
  [
    "-o slab_sizes=200-100",
    "slab size 100 cannot be lower than or equal to a previous class size",
    { chunkSizes: [200, 100] },
    "chunkSizes must grow by more than 8, got 100 after 200",
  ],
  [
    "-o slab_sizes=100-108",
    "slab size 108 must be at least 8 bytes larger than previous class",
    { chunkSizes: [100, 108] },
    "chunkSizes must grow by more than 8, got 108 after 100",
  ],
  [
    `-o slab_sizes=${upTo(63).join("-")}`,
    "too many slab classes specified",
    { chunkSizes: upTo(63) },
    "chunkSizes must be 1 to 62 sizes, got 63",
  ],
];
