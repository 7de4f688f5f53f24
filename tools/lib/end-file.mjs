// Loaded before each test file that has a process of its own: one that goes on long after its last test is ended as a failure, so that those after it run.
import { writeSync } from 'node:fs';
import { after } from 'node:test';
import { isMainThread } from 'node:worker_threads';

// Not in the runner, and not in what a test starts.
if (isMainThread && process.env['NODE_TEST_CONTEXT'] && /\.test\.\w+$/.test(process.argv[1] ?? ''))
  after(() => {
    const lingerMs = Number(process.env['TEST_LINGER_MS']);
    const end = () => {
      const held = [...new Set(process.getActiveResourcesInfo())].join(', ');
      writeSync(2, `${lingerMs} ms after the last test something still keeps the process: ${held}\n`);
      process.exit(1);
    };
    setTimeout(end, lingerMs).unref();
  });
