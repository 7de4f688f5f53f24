import { isOrigin } from './map-style.ts';
import { checked, number, text } from './setting-kinds.ts';

/** Of a server that takes mails. */
const isSmtpUrl = (value: string): boolean => {
  const url = URL.parse(value);
  const hasRightEnd = url?.pathname === '' || url?.pathname === '/';
  return url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== '' && hasRightEnd && url.search + url.hash === '';
};

/** Settings about people: mails to them, and what is kept of what they did. */
export const peopleSettings = {
  publicUrl: checked(
    'MILEPOST_PUBLIC_URL',
    'Where people find the web app: links in mails lead there. Unset: where the server listens.',
    'https://host or http://host:port, without a path',
    (value) => isOrigin(value) && !value.includes('*'),
  ),
  smtpUrl: {
    ...checked(
      'MILEPOST_SMTP_URL',
      'SMTP server for mails to people: smtp:// with STARTTLS, or smtps://. Unset: mails become files in `mail/` of the data folder.',
      'smtp:// or smtps:// with host, and port, user and password where needed',
      isSmtpUrl,
    ),
    isSecret: true,
  },
  mailFrom: text(
    'MILEPOST_MAIL_FROM',
    'Sender of mails to people.',
    'an address, or Name <address>',
    /^[^\r\n<>]{0,200}(<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/,
    'Milepost <milepost@localhost>',
  ),
  openidProviders: text(
    'MILEPOST_OPENID_PROVIDERS',
    'JSON file that names providers of OpenID Connect by which people may sign in, too. docs/people.md',
    'a path',
    /\S/,
  ),
  auditRetentionDays: number(
    'MILEPOST_AUDIT_RETENTION_DAYS',
    'How long the audit log is kept; whole months go.',
    'days',
    31,
    3660,
    '400',
  ),
  receiptRetentionDays: number(
    'MILEPOST_RECEIPT_RETENTION_DAYS',
    'How long it is kept who read what of a vehicle; whole months go. docs/consent.md',
    'days',
    31,
    3660,
    '400',
  ),
} as const;
