import type { Gate } from '../../ingest/index.ts';
import type { Clock, Logger } from '../../kernel/index.ts';
import { listenDeviceWebSockets } from '../../protocols/index.ts';
import type { Http } from '../types.ts';

/** Devices and browsers come by sockets, too. */
export const openTestSockets = (
  { server, streams }: Http,
  gate: Gate,
  timed: { readonly clock: Clock; readonly logger: Logger },
) => {
  const sockets = listenDeviceWebSockets({ gate, ...timed });
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/v1/devices/stream')) sockets.handleUpgrade(request, socket, head);
    else streams.handleUpgrade(request, socket, head);
  });
  return sockets;
};
