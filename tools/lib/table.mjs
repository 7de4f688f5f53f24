/**
 * Lines of a table: the first column left, the others right.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export const formatTable = (head, rows) => {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return all.map(line).join('\n');
};
