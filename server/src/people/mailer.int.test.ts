import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { CallerError, OperationalError, silentLogger, systemClock } from '../kernel/index.ts';
import { openMailFolder } from './adapters/mail-folder/index.ts';
import { openSmtp } from './adapters/smtp/index.ts';
import { mailerContract } from './mailer.contract.ts';

const from = 'Milepost <milepost@example.com>';

/** A real SMTP server on a free port that keeps what it is given. */
const startSmtp = async (options: SMTPServerOptions = {}) => {
  const messages: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        messages.push(Buffer.concat(parts).toString('utf8'));
        done();
      });
    },
    ...options,
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.server.address() as AddressInfo;
  const close = (): Promise<void> => new Promise((closed) => server.close(closed));
  return { url: `smtp://127.0.0.1:${port}`, messages, close };
};

mailerContract('smtp', {
  open: async () => {
    const { url, messages, close } = await startSmtp();
    return { mailer: openSmtp({ url, from }), arrived: async () => messages, close };
  },
});

mailerContract('folder', {
  open: async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'mails-'));
    const mailer = await openMailFolder({ folder, from, clock: systemClock, logger: silentLogger });
    const arrived = async (): Promise<string[]> =>
      Promise.all((await readdir(folder)).sort().map((name) => readFile(path.join(folder, name), 'utf8')));
    return { mailer, arrived, close: () => rm(folder, { recursive: true }) };
  },
});

test('links in files are for their owner alone', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'mails-'));
  const mailer = await openMailFolder({ folder, from, clock: systemClock, logger: silentLogger });
  await mailer.send({ to: 'ana@example.com', subject: 'x', text: 'x', language: 'en' });
  const [name = ''] = await readdir(folder);
  assert.equal((await stat(path.join(folder, name))).mode & 0o077, 0);
  await rm(folder, { recursive: true });
});

test('an address that is refused is the caller’s to mend; a server that is away is not', async () => {
  const refusing = await startSmtp({
    onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no such mailbox'), { responseCode: 550 })),
  });
  const mail = { to: 'nobody@example.com', subject: 'x', text: 'x', language: 'en' };
  const mailer = openSmtp({ url: refusing.url, from });
  await assert.rejects(mailer.send(mail), (error) => error instanceof CallerError && error.details.field === 'email');
  await mailer.close();
  await refusing.close();
  const away = openSmtp({ url: refusing.url, from });
  await assert.rejects(away.send(mail), (error) => error instanceof OperationalError && error.code === 'unavailable');
  await away.close();
});

test('a password is not told to a server that offers no TLS', async () => {
  const { url, messages, close } = await startSmtp({ onAuth: (_auth, _session, done) => done(null, { user: 'x' }) });
  const mailer = openSmtp({ url: url.replace('smtp://', 'smtp://user:secret@'), from });
  await assert.rejects(mailer.send({ to: 'a@example.com', subject: 'x', text: 'x', language: 'en' }), OperationalError);
  assert.deepEqual(messages, []);
  await mailer.close();
  await close();
});
