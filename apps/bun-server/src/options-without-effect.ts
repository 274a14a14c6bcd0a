// Options of -o that memcached has a use for and this server has none. They are taken, so that a command line goes on
// to work; a value that memcached would refuse is refused, so that a mistake is not found out only there.

import { optionValue, wholeNumber } from "@memwire/program";
import { readAbove, readShare } from "./flag-values.ts";

/** Throws `RangeError` with what is wrong with what stands behind `=`. */
type Check = (option: string, text: string) => unknown;

const UINT32_MAX = 0xffff_ffff;

const whole =
  (min: number, max: number = UINT32_MAX): Check =>
  (option, text) =>
    wholeNumber(option, min, max)(text);

const anyNumber = whole(0);

const share: Check = (option, text) => optionValue(option, readShare)(text);

const aboveNothing: Check = (option, text) => {
  optionValue(option, readAbove(0))(text);
  share(option, text);
};

/** A path, and how much may be there. */
const pathAndSize: Check = (option, text) => {
  if (/^.+:\d+[mMgGtTpP]?$/.test(text)) return;
  throw new RangeError(
    `${option} must be a path and a size, such as /data/file:64m, got ${JSON.stringify(text)}`,
  );
};

/** By name. Where there is nothing to check memcached does not look at a value either. */
const CHECKS: Readonly<Record<string, Check | undefined>> = {
  modern: undefined,
  maxconns_fast: undefined,
  no_maxconns_fast: undefined,
  slab_reassign: undefined,
  lru_crawler: undefined,
  lru_maintainer: undefined,
  lru_crawler_sleep: whole(0, 1_000_000),
  lru_crawler_tocrawl: anyNumber,
  hashpower: whole(12, 32),
  no_hashexpand: undefined,
  tail_repair_time: whole(10),
  slab_automove_ratio: aboveNothing,
  slab_automove_window: whole(3),
  slab_automove_freeratio: share,
  worker_logbuf_size: whole(48, 524_288),
  resp_obj_mem_limit: undefined,
  inline_ascii_resp: undefined,
  no_inline_ascii_resp: undefined,
  drop_privileges: undefined,
  no_drop_privileges: undefined,
  relaxed_privileges: undefined,
  meta_response_old: undefined,
  sock_cookie_id: anyNumber,
  ext_path: pathAndSize,
  ext_page_size: anyNumber,
  ext_page_count: anyNumber,
  ext_wbuf_size: anyNumber,
  ext_threads: anyNumber,
  ext_io_depth: anyNumber,
  ext_item_size: anyNumber,
  ext_item_age: anyNumber,
  ext_low_ttl: anyNumber,
  ext_drop_unread: undefined,
  ext_recache_rate: anyNumber,
  ext_compact_under: anyNumber,
  ext_drop_under: anyNumber,
  ext_max_frag: share,
  ext_max_sleep: anyNumber,
  ssl_wbuf_size: anyNumber,
  ssl_session_cache: undefined,
  ssl_kernel_tls: undefined,
};

export const WITHOUT_EFFECT: readonly string[] = Object.keys(CHECKS);

/**
 * Takes an option that has no effect.
 *
 * @param text What stands behind `=`, if anything does.
 *
 * @returns false if it is none of these
 * @throws RangeError for a value that memcached would not take
 */
export function takeWithoutEffect(name: string, text: string | undefined): boolean {
  if (!Object.hasOwn(CHECKS, name)) return false;
  const check = CHECKS[name];
  if (check === undefined) return true;
  if (text === undefined) throw new RangeError(`-o ${name} needs a value: ${name}=<value>`);
  check(`-o ${name}`, text);
  return true;
}
