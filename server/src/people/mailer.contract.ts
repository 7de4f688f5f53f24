import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mailer } from './ports.ts';

export interface OpenMailer {
  readonly mailer: Mailer;
  /** Whole messages, in the order in which they arrived. */
  readonly arrived: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

export interface MailerHarness {
  readonly open: () => Promise<OpenMailer>;
}

const bodyOf = (message: string): string => {
  const text = message.replaceAll('\r\n', '\n');
  const at = text.indexOf('\n\n');
  assert.match(text.slice(0, at), /content-transfer-encoding: base64/i);
  return Buffer.from(text.slice(at + 2), 'base64').toString('utf8');
};

export const mailerContract = (name: string, { open }: MailerHarness): void => {
  test(`${name}: a mail arrives whole, in its language, to whom it is for`, async () => {
    const { mailer, arrived, close } = await open();
    const link = `https://milepost.example/join?code=${'x'.repeat(43)}`;
    const text = `Hola, Ana:\n\nabre ${link}\n.\nÑandú €`;
    await mailer.send({ to: 'ana@example.com', subject: 'Tu cuenta está lista ✓', text, language: 'es' });
    const [message = ''] = await arrived();
    assert.equal(bodyOf(message).replaceAll('\r\n', '\n').trimEnd(), text);
    assert.match(message, /^to: ana@example\.com/im);
    assert.match(message, /^from: Milepost <milepost@example\.com>/im);
    assert.match(message, /^content-language: es/im);
    assert.match(message, /^subject: =\?UTF-8\?/im);
    await mailer.close();
    await close();
  });

  test(`${name}: what somebody calls themselves makes no header and no second address`, async () => {
    const { mailer, arrived, close } = await open();
    await mailer.send({ to: 'bo@example.com', subject: 'Hello\r\nBcc: eve@example.com', text: 'x', language: 'en' });
    const [message = ''] = await arrived();
    assert.doesNotMatch(message, /^bcc:/im);
    await mailer.close();
    await close();
  });
};
