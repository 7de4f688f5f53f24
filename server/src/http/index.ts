export { createDeviceHttp, type DeviceHttp } from './create-device-http.ts';
export { createHttp } from './create-http.ts';
export { createNodeHttp, type NodeHttp } from './create-node-http.ts';
export { accessLimits, makeOperatorAccess, type OperatorAccess } from './access/operator-access.ts';
export { messagePage } from './message-page.ts';
export { httpLimits } from './limits.ts';
export { mapTilesPath } from './map-tiles.ts';
export type * from './types.ts';
export { type BrowserStream, openBrowserStream } from './stream/browser-stream.ts';
