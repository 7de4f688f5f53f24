/** The first lines of a CSV file: what the columns are called, and what stands in them. */
export interface Preview {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** So much of a file is looked at, and so many of its lines. */
export const previewBytes = 64 * 1024;
const previewRows = 5;
const delimiters = [',', ';', '\t'] as const;

/** What the head is divided by: the one that it has most often outside of quotes, as the server finds it. */
const delimiterOf = (text: string): string => {
  const counts = new Map<string, number>(delimiters.map((sign) => [sign, 0]));
  let isQuoted = false;
  for (const sign of text) {
    if (sign === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (sign === '\n' || sign === '\r')) break;
    else if (!isQuoted && counts.has(sign)) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  }
  return delimiters.reduce((best, sign) => ((counts.get(sign) ?? 0) > (counts.get(best) ?? 0) ? sign : best));
};

/** Reads the first lines by RFC 4180. */
export const readPreview = (text: string): Preview => {
  const delimiter = delimiterOf(text);
  const rows: string[][] = [];
  let [row, cell, isQuoted] = [[] as string[], '', false];
  const endRow = (): void => {
    row.push(cell);
    if (row.some((one) => one !== '')) rows.push(row);
    [row, cell] = [[], ''];
  };
  const source = text.replace(/^\uFEFF/, '');
  for (let i = 0; i < source.length && rows.length <= previewRows; i++) {
    const sign = source[i] as string;
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (source[i + 1] === '"') cell += source[++i] as string;
      else isQuoted = false;
    } else if (sign === '"' && cell === '') isQuoted = true;
    else if (sign === delimiter) {
      row.push(cell);
      cell = '';
    } else if (sign === '\n') endRow();
    else if (sign !== '\r') cell += sign;
  }
  if (rows.length <= previewRows && (cell !== '' || row.length > 0)) endRow();
  const [columns = [], ...rest] = rows;
  return { columns: columns.map((name) => name.trim()), rows: rest.slice(0, previewRows) };
};
