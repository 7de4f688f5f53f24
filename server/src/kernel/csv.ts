const formulaStart = /^[=+\-@\t\r]/;
const needsQuotes = /[",\r\n]/;

/**
 * A cell by RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection).
 */
export const csvText = (text: string): string => {
  const safe = formulaStart.test(text) ? `'${text}` : text;
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export type CsvValue = string | number | boolean | null;

/** A line: numbers as they are, nothing for null, texts guarded against running as formulas. */
export const csvLine = (cells: readonly CsvValue[]): string =>
  `${cells.map((cell) => (cell === null ? '' : typeof cell === 'string' ? csvText(cell) : String(cell))).join(',')}\r\n`;
