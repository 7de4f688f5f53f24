import type { FeedPosition } from '../position.ts';

export interface WebhookSecret {
  readonly id: string;
  /** base64. */
  readonly sealed: string;
  readonly createdMs: number;
}

export interface Webhook {
  readonly webhookNo: number;
  readonly id: string;
  readonly appNo: number;
  readonly address: string;
  /** Empty: all. */
  readonly types: readonly string[];
  readonly secrets: readonly WebhookSecret[];
  readonly position: FeedPosition;
  readonly createdMs: number;
}

export const deliveryStates = ['waiting', 'delivered', 'withheld', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export interface Delivery {
  readonly deliveryNo: number;
  readonly id: string;
  readonly type: string;
  readonly vehicleNo: number | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly createdMs: number;
  readonly triedSinceMs: number;
  readonly nextMs: number;
  readonly doneMs: number | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
}

/** With what is sent. */
export interface DueDelivery extends Delivery {
  readonly event: Buffer;
}

/** What an attempt made of a delivery. */
export type Outcome = Pick<Delivery, 'state' | 'attempts' | 'nextMs' | 'doneMs' | 'lastStatus' | 'lastError'>;
