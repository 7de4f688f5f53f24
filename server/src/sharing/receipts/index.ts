export { itemsTold } from './items-told.ts';
export { receiptLimits } from './limits.ts';
export { type LastReads, openReceipts, Receipts, type ReceiptsOptions, type StaffLook } from './open-receipts.ts';
export { readerOf, type ReceiptHolders, type ReceiptQuery, type ReceiptSum, type UsageQuery, type UsageSum } from './store.ts';
export type { ReadReceipts, Receipt, ReceiptReader, ReceiptReaderKind } from './types.ts';
