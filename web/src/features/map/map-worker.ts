import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';

const fetchWorker = async (): Promise<void> => {
  const answer = await fetch(workerUrl);
  if (!answer.ok) throw new TypeError(`the worker of the map was not given (${answer.status})`);
  await answer.arrayBuffer();
};

/**
 * A map whose worker does not come stays empty and never asks again: so what has a map in it counts as fetched only with the worker,
 * which the map then takes from the browser's cache.
 */
export const withMapWorker =
  <T>(load: () => Promise<T>): (() => Promise<T>) =>
  async () => {
    const [part] = await Promise.all([load(), fetchWorker()]);
    return part;
  };

export { workerUrl };
