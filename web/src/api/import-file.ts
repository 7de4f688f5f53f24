import type { ImportMapping, ImportResult, ImportType, Problem } from '@milepost/contract/api';
import { ApiError } from './client.ts';

export interface FileImport {
  readonly vehicleId: string;
  readonly file: Blob;
  readonly type: ImportType;
  /** Of a CSV file. */
  readonly mapping?: ImportMapping | undefined;
  /** Says what would become of it, and stores nothing. */
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
  /** Share of the file that was sent: 0 … 1. */
  readonly onProgress: (share: number) => void;
}

const addressOf = ({ vehicleId, mapping, isDryRun }: FileImport): string => {
  const query = new URLSearchParams({
    ...(isDryRun ? { dryRun: 'true' } : {}),
    ...(mapping ? { mapping: JSON.stringify(mapping) } : {}),
  });
  return `/v1/vehicles/${encodeURIComponent(vehicleId)}/import?${query.toString()}`;
};

const read = <T>(text: string): T | undefined => {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
};

/** Sends a file. `fetch` does not tell how much of a body was sent: this does. Throws ApiError. */
export const importFile = (wanted: FileImport): Promise<ImportResult> =>
  new Promise((resolve, reject) => {
    const { file, type, signal, onProgress } = wanted;
    const request = new XMLHttpRequest();
    request.open('POST', addressOf(wanted));
    request.setRequestHeader('content-type', type);
    request.setRequestHeader('accept', 'application/json');
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0));
    request.addEventListener('load', () => {
      const result = request.status === 200 ? read<ImportResult>(request.responseText) : undefined;
      if (result) resolve(result);
      else reject(new ApiError(request.status, read<Problem>(request.responseText)));
    });
    request.addEventListener('error', () => reject(new ApiError(0, undefined)));
    request.addEventListener('abort', () => reject(new DOMException('The import was cut off', 'AbortError')));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
