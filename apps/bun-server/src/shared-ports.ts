/** Node that listens on a port with others: since 22.12, and in 23 since 23.1. Older ones leave the option out. */
export function nodeSharesPorts(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
