import { createHash } from 'node:crypto';
import type { Random } from '../registry/index.ts';

/** 256 bits: what a session, a token or a link is known by. */
const valueBytes = 32;

export const makeValue = (random: Random): string => Buffer.from(random(valueBytes)).toString('base64url');

/** What the database has of it. Random values need no slow hash. */
export const digestOf = (value: string): Buffer => createHash('sha256').update(value, 'utf8').digest();

/** So that secret scanners know one when they see it. */
export const accessTokenPrefix = 'mpt_';
