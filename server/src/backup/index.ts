export * from './types.ts';
export { type BackupOptions, createBackup } from './create-backup.ts';
export { ledgerFile, placingName } from './data-folder-parts.ts';
export { packBackup, unpackBackup } from './archive.ts';
export { readManifest } from './manifest.ts';
export { type Restored, type RestoreOptions, restoreBackup } from './restore-backup.ts';
export { verifyBackup } from './verify-backup.ts';
