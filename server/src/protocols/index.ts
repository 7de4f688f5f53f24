export { BinaryReport, deviceFrameType, isDeviceFrame, readDeviceFrame } from './binary/read-device-frame.ts';
export { readBearer } from './bearer.ts';
export { telemetryRoute } from './http/telemetry-route.ts';
export * from './json/index.ts';
export { listenerLimits, mqttLimits } from './limits.ts';
export { type DeviceMqtt, listenDeviceMqtt } from './mqtt/listen-mqtt.ts';
export * from './types.ts';
export { type DeviceWebSockets, listenDeviceWebSockets } from './websocket/listen-websocket.ts';
export { refuseUpgrade } from './websocket/refuse-upgrade.ts';
