/**
 * CPU time of the calling thread since it began. Null before Node 23.9, which tells it for the whole process only: that
 * of several threads would add up to a multiple.
 */
export function threadCpu_us(
  source: { threadCpuUsage?: () => NodeJS.CpuUsage } = process as NodeJS.Process & {
    threadCpuUsage?: () => NodeJS.CpuUsage;
  },
): number | null {
  if (source.threadCpuUsage === undefined) return null;
  const { user, system } = source.threadCpuUsage();
  return user + system;
}
