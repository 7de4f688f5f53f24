/** A number 0 ≤ x < 1 that depends on its arguments only (FNV-1a over their text, then the finaliser of murmur3). */
export const chance = (...parts: readonly (string | number)[]): number => {
  const text = parts.join('|');
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
};

export const between = (min: number, max: number, ...parts: readonly (string | number)[]): number =>
  min + (max - min) * chance(...parts);
