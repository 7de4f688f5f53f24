/** A mail of text alone: what it says fits in few lines, and a link in it is seen as it is. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** BCP 47. */
  readonly language: string;
}

/**
 * The way out for mails. Contract: mailer.contract.ts. `send` resolves when the mail was taken over by somebody who delivers it; it throws
 * `unavailable` when nobody takes it now, and `invalid_field` for an address that is refused for good.
 */
export interface Mailer {
  send(mail: Mail): Promise<void>;
  close(): Promise<void>;
}
