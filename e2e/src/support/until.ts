import assert from 'node:assert/strict';

/** How long a test waits for something that should happen soon. */
export const actionMs = 30_000;

/** Waits until a condition holds; says what it saw last when it never does. */
export const until = async <T>(
  read: () => Promise<T>,
  holds: (value: T) => boolean,
  what: string,
  withinMs = actionMs,
): Promise<T> => {
  const endMs = performance.now() + withinMs;
  let last = await read();
  while (!holds(last)) {
    assert.ok(performance.now() < endMs, `${what}: last seen ${JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    last = await read();
  }
  return last;
};
