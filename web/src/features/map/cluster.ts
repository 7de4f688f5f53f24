/** Anything with a place in Mercator units. */
export interface Placed {
  readonly x: number;
  readonly y: number;
}

export interface Cluster<T> {
  x: number;
  y: number;
  members: T[];
}

export interface Clustering<T> {
  readonly clusters: readonly Cluster<T>[];
  /** Those that are drawn one by one. */
  readonly singles: readonly T[];
}

/** Fewer than this many close together are still drawn one by one. */
export const clusterSizeMin = 4;
/** From this zoom on streets can be told apart, and every vehicle is drawn. */
export const clusterZoomMax = 14;
const cellPx = 64;
/** Centres nearer than this would overlap when drawn. */
const mergeDistancePx = 46;

/**
 * Groups what is close together on the screen. Cells belong to a whole zoom step and to the earth, not to the window,
 * so moving the map never regroups. Runs in time proportional to the number of vehicles.
 */
export const clusterByCell = <T extends Placed>(items: readonly T[], zoom: number): Clustering<T> => {
  if (zoom >= clusterZoomMax) return { clusters: [], singles: items };
  const pxPerWorld = 512 * 2 ** Math.floor(zoom);
  const cells = new Map<number, Cluster<T>>();
  const columns = Math.ceil(pxPerWorld / cellPx);
  for (const item of items) {
    const key = Math.floor((item.y * pxPerWorld) / cellPx) * columns + Math.floor((item.x * pxPerWorld) / cellPx);
    const cell = cells.get(key);
    if (cell) add(cell, item);
    else cells.set(key, { x: item.x, y: item.y, members: [item] });
  }
  mergeNeighbours(cells, columns, mergeDistancePx / pxPerWorld);
  const all = [...cells.values()];
  return {
    clusters: all.filter((cell) => cell.members.length >= clusterSizeMin),
    singles: all.filter((cell) => cell.members.length < clusterSizeMin).flatMap((cell) => cell.members),
  };
};

const add = <T extends Placed>(cell: Cluster<T>, item: T): void => {
  const count = cell.members.length + 1;
  cell.x += (item.x - cell.x) / count;
  cell.y += (item.y - cell.y) / count;
  cell.members.push(item);
};

const mergeNeighbours = <T extends Placed>(cells: Map<number, Cluster<T>>, columns: number, distance: number): void => {
  const bySize = [...cells].sort((a, b) => b[1].members.length - a[1].members.length);
  for (const [key, cell] of bySize) {
    if (cells.get(key) !== cell) continue;
    for (const offset of [1, columns - 1, columns, columns + 1, -1, 1 - columns, -columns, -columns - 1]) {
      const other = cells.get(key + offset);
      if (!other || Math.hypot(other.x - cell.x, other.y - cell.y) > distance) continue;
      for (const member of other.members) add(cell, member);
      cells.delete(key + offset);
    }
  }
};
