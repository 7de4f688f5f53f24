import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { readyMs } from './engine.mjs';
import { ensurePythonModule } from './python-module.mjs';

/** The compiler of Protocol Buffers. To be run with `protoc`. */
export const ensureProtoc = () => ensurePythonModule('grpcio-tools-1.85.1');

/**
 * What a message says, in the text format of Protocol Buffers, by their own compiler.
 * @param {string} path of `ensureProtoc`
 * @param {string} schema a file
 * @param {string} type with its package
 * @param {Uint8Array} message
 */
export const decodeWithProtoc = (path, schema, type, message) => {
  const args = ['-m', 'grpc_tools.protoc', `--proto_path=${dirname(schema)}`, `--decode=${type}`, schema];
  const env = { ...process.env, PYTHONPATH: path };
  const { status, stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8', input: message, env, timeout: readyMs });
  if (status !== 0) throw new Error(`protoc: ${stderr}`);
  return stdout;
};
