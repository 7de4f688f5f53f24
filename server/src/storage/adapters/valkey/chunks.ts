/** The same bytes in pieces of a size, the last one smaller. Each piece has memory of its own. */
export async function* chunksOf(parts: AsyncIterable<Uint8Array>, chunkBytes: number): AsyncIterable<Buffer> {
  let chunk = Buffer.allocUnsafeSlow(chunkBytes);
  let filled = 0;
  for await (const part of parts) {
    for (let from = 0; from < part.length; ) {
      const take = Math.min(part.length - from, chunkBytes - filled);
      chunk.set(part.subarray(from, from + take), filled);
      filled += take;
      from += take;
      if (filled < chunkBytes) continue;
      yield chunk;
      chunk = Buffer.allocUnsafeSlow(chunkBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
