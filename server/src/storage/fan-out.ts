/** Named limits of fan-out. docs/limits.md says what happens at each. */
export interface FanOutLimits {
  /** One message. */
  readonly messageBytesMax: number;
  /** What waits for one subscriber. */
  readonly queuedMessagesMax: number;
  readonly queuedBytesMax: number;
}

export const fanOutLimits: FanOutLimits = {
  messageBytesMax: 64 * 1024,
  queuedMessagesMax: 1024,
  queuedBytesMax: 4 * 1024 * 1024,
};

export interface Subscriber {
  /** One message after the other, in the order in which they came; the next waits for the promise. */
  heard(message: Buffer): void | Promise<void>;
  /**
   * Messages may be missing: the connection was away and is back, or more came than the queue holds. Comes in its place between messages;
   * everything published after it was called is heard. The subscriber looks up what it missed.
   */
  gap(): void | Promise<void>;
}

/**
 * Tells every process what one of them says, itself included. Best effort: what is published while it is away is lost, and so is what a subscriber does not
 * take in time. Whoever must not miss a message has another way to find out (a poll, the database) and takes it at each `gap`.
 */
export interface FanOut {
  /** Done when it was handed on; not when it was heard. Throws `unavailable`, `overloaded`, and `payload_too_large`. */
  publish(channel: string, message: Uint8Array | string): Promise<void>;
  /**
   * Answers what ends the subscription, when everything published from now on is heard. While it is away the answer comes at once, and `gap` is called as
   * soon as it is back. What a subscriber throws is logged and changes nothing.
   */
  subscribe(channel: string, subscriber: Subscriber): Promise<() => void>;
  close(): Promise<void>;
}
