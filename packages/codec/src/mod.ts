export type { BinaryReply, BinaryRequest, BinaryStatus, Opcode } from "./binary/binary-message.ts";
export {
  BINARY_REFUSALS,
  binaryRefusalReply,
  type BinaryRefusal,
  type BinaryRefusalRow,
} from "./binary/binary-refusal.ts";
export { BinaryReplyDecoder, type BinaryFault } from "./binary/binary-reply-decoder.ts";
export { writeBinaryReply } from "./binary/binary-reply-encoder.ts";
export { BinaryRequestDecoder } from "./binary/binary-request-decoder.ts";
export { writeBinaryRequest } from "./binary/binary-request-encoder.ts";
export { REPLY_MAGIC, REQUEST_MAGIC, writeBinaryHeader } from "./binary/header.ts";
export { NO_INITIAL, OPCODES, type ExtrasKind, type OpcodeShape } from "./binary/opcode.ts";
export { BINARY_STATUSES, type StatusRow } from "./binary/status.ts";
export { BufferPool, type BufferPoolOptions, type PoolOptions } from "./buffer-pool.ts";
export type { CopyBytes } from "./copy-bytes.ts";
export { writeBase64 } from "./base64.ts";
export { readDecimal, readDecimal64, toBigint, toHalves, writeDigits64, type Halves } from "./decimal.ts";
export { DEFAULT_LIMITS, limitsOf, type Limits } from "./limits.ts";
export { lookAhead, type KeyListener, type Protocol } from "./look-ahead.ts";
export type { Decoded, PartsOptions } from "./parts.ts";
export { REFUSAL_TEXT, refusalReply, type Refusal } from "./text/refusal.ts";
export { TextReplyDecoder, type ReplyFound } from "./text/text-reply-decoder.ts";
export type { ReplyFault } from "./text/reply-fields.ts";
export { REPLY_BYTES, writeReply, writeValueLine } from "./text/reply-encoder.ts";
export type {
  AdminReply,
  AdminReplyKind,
  BareReplyKind,
  ClassicReply,
  LogReplyKind,
  ReplyKind,
  TextReply,
  TextReplyKind,
} from "./text/reply.ts";
export type { BareMetaReplyKind, MetaReply, MetaRequest } from "./meta/meta-message.ts";
export { MetaFlags } from "./meta/meta-flags.ts";
export { TextRequestDecoder } from "./text/text-request-decoder.ts";
export type { CommandFamily, MetaMode, RequestFields } from "./text/request-fields.ts";
export { checkKey, writeRequest } from "./text/request-encoder.ts";
export type {
  AdminCommandName,
  AdminRequest,
  ClassicCommandName,
  ClassicRequest,
  CommandName,
  MetaCommandName,
  StorageCommand,
  TextRequest,
} from "./text/request.ts";
export { SendBuffer } from "./send-buffer.ts";
export { hasNul, latin1Bytes, latin1Text, startsWith, utf8Bytes } from "./bytes.ts";
export {
  DATAGRAM_BYTES_MAX,
  DATAGRAM_HEADER_BYTES,
  datagramRequest,
  requestIdOf,
  writeDatagramHeader,
  type RequestDatagramFault,
} from "./udp/datagram.ts";
export { DatagramJoiner, type ReplyDatagramFault } from "./udp/datagram-joiner.ts";
export { datagramLimitsOf, DEFAULT_DATAGRAM_LIMITS, type DatagramLimits } from "./udp/datagram-limits.ts";
export { DatagramSplitter } from "./udp/datagram-splitter.ts";
export { RequestDecoder, type ProtocolOptions } from "./request-decoder.ts";
export {
  binaryReplies,
  isMetaRequest,
  textReplies,
  toBinary,
  toClassic,
  toMeta,
} from "./translate/translate.ts";
export { statusOf } from "./translate/failure.ts";
export { base64Length } from "./base64.ts";
export type { Translated, Untranslatable, UntranslatableReason } from "./translate/operation.ts";
export { RequestForwarder } from "./forward/request-forwarder.ts";
export { ReplyForwarder, type ReplyForwarding, type ReplyForwardRefusal } from "./forward/reply-forwarder.ts";
export type { ForwardRefusal, Forwarding, KeyRefusal } from "./forward/forwarding.ts";
