// Hash tags: of `user:{42}:name` only `42` is hashed, so that all keys of user 42 have one owner. Hot path.

import type { KeyHash } from "./hash/key-hash.ts";

/**
 * Hashes what stands between the first `tag[0]` and the next `tag[1]` after it; the whole key if either is missing
 * or nothing stands between them.
 *
 * @throws RangeError unless `tag` is two ASCII characters
 * @see twemproxy notes/recommendation.md, "Hash Tags"
 */
export function tagged(hash: KeyHash, tag: string): KeyHash {
  if (!/^[\0-\x7f]{2}$/.test(tag)) {
    throw new RangeError(`a hash tag must be two ASCII characters, such as {}, got ${JSON.stringify(tag)}`);
  }
  const opening = tag.charCodeAt(0);
  const closing = tag.charCodeAt(1);
  return (bytes, start, end) => {
    let opened = start;
    while (opened < end && bytes[opened] !== opening) opened++;
    let closed = opened + 1;
    while (closed < end && bytes[closed] !== closing) closed++;
    return closed < end && closed > opened + 1 ? hash(bytes, opened + 1, closed) : hash(bytes, start, end);
  };
}
