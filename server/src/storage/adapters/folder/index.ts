export { openSnapshotFolder, temporaryAgeMaxMs } from './snapshot-folder.ts';
