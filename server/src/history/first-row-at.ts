/** First of `rows` ascending times at or after `ms`; `rows` where there is none. */
export const firstRowAt = (times: Float64Array, rows: number, ms: number): number => {
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
};
