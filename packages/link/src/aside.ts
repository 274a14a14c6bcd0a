// What comes from other servers for a slot in which a large value is being told as it comes.
//
//     server A    VALUE a 0 9000000 .....................       told as it comes
//     server B         VALUE b 0 1 b    VALUE c 0 9000000 ....  aside: b whole, c begun; when a is whole, b is told, and
//                                                               c from then on as it comes
//
// Bytes in here count as staged.

import { SendBuffer, type TextReplyDecoder } from "@memwire/codec";

export class Aside {
  /** Values that are whole. */
  readonly whole: SendBuffer = new SendBuffer();
  /** Those that are not, by the connection that they come from. */
  readonly begun: Map<TextReplyDecoder, SendBuffer> = new Map();
}
