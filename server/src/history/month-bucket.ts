/** Month of a moment: (year − 1970) · 12 + month (0-based), UTC. */
export const bucketOf = (ms: number): number => {
  const date = new Date(ms);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
};

/** First moment of a month. */
export const bucketStartMs = (bucket: number): number => Date.UTC(1970 + Math.floor(bucket / 12), bucket % 12, 1);
