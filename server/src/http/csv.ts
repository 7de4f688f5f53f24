/** Headers of an answer that a browser saves as a file. */
export const csvFile = (name: string): Record<string, string> => ({
  'content-type': 'text/csv; charset=utf-8',
  'content-disposition': `attachment; filename="${name}"`,
});
