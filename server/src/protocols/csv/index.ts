export { type CsvRow, type CsvRowLimits, csvRows, delimiterOf } from './csv-rows.ts';
