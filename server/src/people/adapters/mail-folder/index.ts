import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, type Logger, OperationalError } from '../../../kernel/index.ts';
import { createTransport } from 'nodemailer';
import type { Mailer } from '../../ports.ts';

export interface MailFolderOptions {
  readonly folder: string;
  readonly from: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** For development: mails land as files and in the log, links and all. */
export const openMailFolder = async ({ folder, from, clock, logger }: MailFolderOptions): Promise<Mailer> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  let count = 0;
  return {
    send: async ({ to, subject, text, language }) => {
      const mail = { from, to, subject, text, textEncoding: 'base64', headers: { 'Content-Language': language } } as const;
      const { message } = await transport.sendMail({ ...mail, date: new Date(clock.now()) });
      const name = `${new Date(clock.now()).toISOString().replaceAll(':', '-')}-${++count}.eml`;
      try {
        await writeFile(path.join(folder, name), message as Buffer, { mode: 0o600 });
      } catch (error) {
        throw new OperationalError('unavailable', 'the folder of mails cannot be written', { cause: error });
      }
      logger.info('a mail was written to a file, because no SMTP server is set', { to, subject, text, file: name });
    },
    close: async () => transport.close(),
  };
};
