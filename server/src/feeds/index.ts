export { Feed, type FeedPage, type FeedParts, type FeedReader } from './feed.ts';
export { feedLimits } from './limits.ts';
export type { FeedPosition } from './position.ts';
