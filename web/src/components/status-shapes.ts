import type { ConnectionStatus } from '@milepost/contract';

/** What a vehicle's mark says: its connection, or that it needs somebody. */
export type Mark = ConnectionStatus | 'warning';

/** Shapes on a grid of 16, so that each state is told without its colour: disc, square, diamond, ring, triangle. */
export const markPaths: Readonly<Record<Mark, string>> = {
  online: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  late: 'M3.5 2.5h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1z',
  offline: 'M8 1 15 8 8 15 1 8z',
  never_seen: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 11.4A3.4 3.4 0 1 1 8 4.6a3.4 3.4 0 0 1 0 6.8z',
  warning: 'M8 1.6 15.4 14.4H.6z',
};

/** The token of a mark's colour. */
export const markColour: Readonly<Record<Mark, string>> = {
  online: '--online',
  late: '--late',
  offline: '--offline',
  never_seen: '--never-seen',
  warning: '--warning',
};
