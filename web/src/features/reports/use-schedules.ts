import type { NewReportSchedule, ReportFile, ReportSchedule } from '@milepost/contract/api';
import { onBeforeUnmount, onMounted, shallowRef } from 'vue';
import { ApiError, api } from '../../api/client.ts';

const refreshMs = 4000;

/** Scheduled reports and their files, read again now and then while they are on the page. */
export const useSchedules = () => {
  const schedules = shallowRef<readonly ReportSchedule[]>([]);
  const files = shallowRef<readonly ReportFile[]>([]);
  const problem = shallowRef<ApiError | undefined>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;

  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      problem.value = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
      return false;
    }
  };
  const read = async (): Promise<void> => {
    clearTimeout(timer);
    const [known, made] = await Promise.all([api.reportSchedules(), api.reportFiles()]);
    schedules.value = known.items;
    files.value = made.items;
  };
  const refresh = async (): Promise<void> => {
    await attempt(read);
    if (!isGone) timer = setTimeout(() => void refresh(), refreshMs);
  };
  const change = async (work: () => Promise<unknown>): Promise<boolean> => {
    const isDone = await attempt(work);
    if (isDone) await refresh();
    return isDone;
  };
  onMounted(() => void refresh());
  onBeforeUnmount(() => {
    isGone = true;
    clearTimeout(timer);
  });
  return {
    schedules,
    files,
    problem,
    create: (schedule: NewReportSchedule) => change(() => api.createReportSchedule(schedule)),
    run: (id: string) => change(() => api.runReportSchedule(id)),
    remove: (id: string) => change(() => api.deleteReportSchedule(id)),
    removeFile: (id: string) => change(() => api.deleteReportFile(id)),
  };
};
