/** What lies in a data folder, as a backup sees it. Whatever is not named here is copied as it is. */
export const clusterFolder = 'postgres/cluster';
export const keyframeFolder = 'history/keyframes';
export const ledgerFile = 'erasures.ndjson';
/** Files being restored, and what they replaced, while a restore goes on and after it. */
export const restoringName = '.restoring';
/** While it is there the data folder is half the old and half the new one: no server starts on it. */
export const placingName = '.restoring-in-place';
export const replacedPrefix = '.replaced-';
/** Parts with rules of their own, and the order in which they are copied. */
export const ownParts = ['live', 'history', 'journal', 'postgres', 'secrets', ledgerFile] as const;

/** Locks, sockets and what another start makes anew. */
const transient = [
  /^milepost\.lock(-journal|-wal|-shm)?$/,
  /^control\.sock$/,
  /^\.(restoring.*|replaced-.*)$/,
  /^swap\.json(\.part)?$/,
  /^history\.(rebuild|old)/,
  /^live\.(rebuild|old)/,
  /^exports$/,
];
export const isTransient = (name: string): boolean => transient.some((pattern) => pattern.test(name));

/** What may lie in a folder that counts as empty. */
export const isNothing = (name: string): boolean => name.startsWith('milepost.lock') || name === 'lost+found';

/** Of PostgreSQL's folder: what belongs to the running process, and what it makes anew (as its own backup program leaves out). */
const clusterTransient = [
  /^postmaster\.(pid|opts)$/,
  /^pg_(dynshmem|notify|replslot|serial|snapshots|stat_tmp|subtrans)\/.+/,
  /(^|\/)pgsql_tmp/,
  /(^|\/)pg_internal\.init/,
  /^(backup_label|tablespace_map)(\.old)?$/,
];
export const isClusterTransient = (relative: string, isRunning: boolean): boolean => {
  const inside = relative.slice(clusterFolder.length + 1);
  if (isRunning && /^pg_wal\/(?!archive_status$|summaries$).+/.test(inside)) return true;
  // A stopped cluster may itself be a copy that was never opened: then its label is needed.
  if (!isRunning && inside === 'backup_label') return false;
  return clusterTransient.some((pattern) => pattern.test(inside));
};
/** Overwritten in place by its owner; one that is half written is no use. */
export const controlFile = `${clusterFolder}/global/pg_control`;
