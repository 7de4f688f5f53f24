import { type StreamRequest, streamRequest } from '@milepost/contract/stream';
import { Compile } from 'typebox/compile';

const check = Compile(streamRequest);

/** What a browser asks; undefined: it is no request of ours. */
export const readRequest = (text: string): StreamRequest | undefined => {
  try {
    const message: unknown = JSON.parse(text);
    return check.Check(message) ? message : undefined;
  } catch {
    return undefined;
  }
};
