// Preloaded into a measured process: leaves its CPU time and peak memory behind when it ends.
import { readFileSync, writeFileSync } from 'node:fs';

process.on('exit', () => {
  const file = process.env.LAB_PROBE_FILE;
  if (file === undefined) return;
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const usage = {
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMemoryBytes: Number(peak?.[1] ?? 0) * 1024,
  };
  writeFileSync(file, JSON.stringify(usage));
});
