import type { ServerResponse } from 'node:http';
import type { Clock } from '../../kernel/index.ts';

/** How often it is looked at while a client may stall. */
const looksPerStall = 6;

/**
 * Cuts the connection of a client that takes nothing of what is ready for it, for about `stallMs`. The time in which nothing is
 * ready yet does not count.
 */
export const cutWhenStalled = (response: ServerResponse, clock: Clock, stallMs: number): void => {
  let looksWithoutMove = 0;
  let cancel = (): void => {};
  const moved = (): void => {
    looksWithoutMove = 0;
  };
  const look = (): void => {
    looksWithoutMove = response.writableNeedDrain ? looksWithoutMove + 1 : 0;
    if (looksWithoutMove > looksPerStall) response.destroy();
    else cancel = clock.after(stallMs / looksPerStall, look);
  };
  response.on('drain', moved);
  response.once('close', () => {
    response.off('drain', moved);
    cancel();
  });
  look();
};
