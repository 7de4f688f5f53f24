export { Feed, type FeedPage, type FeedParts, type FeedReader } from './feed.ts';
export { feedLimits } from './limits.ts';
export type { FeedPosition } from './position.ts';
export { feedStreamLimits } from './limits.ts';
export type { StreamConnection, StreamEnd, StreamOwner, StreamSink } from './streams/connection.ts';
export { type AttachTail, FeedStreams } from './streams/feed-streams.ts';
export { webhookLimits } from './limits.ts';
export { type NewWebhook, Webhooks, type WebhooksParts } from './webhooks/webhooks.ts';
export type { Delivery, Webhook } from './webhooks/types.ts';
