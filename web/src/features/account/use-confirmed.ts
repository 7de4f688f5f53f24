import { type Ref, ref, type ShallowRef, shallowRef } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import { useAct } from '../../components/use-act.ts';
import { askPasskey } from '../passkeys/browser-passkeys.ts';

export interface Confirmed {
  readonly isBusy: Ref<boolean>;
  /** Of the last act; not that a confirmation is needed. */
  readonly problem: ShallowRef<ApiError | undefined>;
  /** The dialog that asks for the password is open. */
  readonly isAsking: Ref<boolean>;
  readonly askProblem: ShallowRef<ApiError | undefined>;
  /** Answers whether it was done, also when it had to ask first. */
  act(run: () => Promise<unknown>): Promise<boolean>;
  confirm(password: string, code: string): Promise<void>;
  confirmByPasskey(): Promise<void>;
  cancel(): void;
}

/** Acts that need the password once more when it was given too long ago: asks for it, then goes on. */
export const useConfirmed = (): Confirmed => {
  const acting = useAct();
  const { isBusy, problem } = acting;
  const isAsking = ref(false);
  const askProblem = shallowRef<ApiError | undefined>();
  let answer: ((isConfirmed: boolean) => void) | undefined;

  const act = async (run: () => Promise<unknown>): Promise<boolean> => {
    if (await acting.act(run)) return true;
    if (problem.value?.problem?.code !== 'confirmation_needed') return false;
    problem.value = undefined;
    askProblem.value = undefined;
    isAsking.value = true;
    const isConfirmed = await new Promise<boolean>((resolve) => {
      answer = resolve;
    });
    return isConfirmed && acting.act(run);
  };
  const close = (isConfirmed: boolean): void => {
    isAsking.value = false;
    answer?.(isConfirmed);
    answer = undefined;
  };
  const prove = async (run: () => Promise<boolean>): Promise<void> => {
    try {
      if (await run()) close(true);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      askProblem.value = error;
    }
  };
  return {
    isBusy,
    problem,
    isAsking,
    askProblem,
    act,
    confirm: (password, code) =>
      prove(async () => {
        await api.confirmMe({ password, ...(code === '' ? {} : { code }) });
        return true;
      }),
    confirmByPasskey: () =>
      prove(async () => {
        const given = await askPasskey(await api.askPasskeyConfirmation());
        if (given) await api.confirmMeByPasskey(given);
        return given !== undefined;
      }),
    cancel: () => close(false),
  };
};
