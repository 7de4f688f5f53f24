import type { PasskeyAnswerView } from '@milepost/contract/api';
import { onBeforeUnmount, onMounted, type Ref, ref } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import type { Act } from '../../components/use-act.ts';
import { askPasskey, offersPasskeys, takesPasskeys } from '../passkeys/browser-passkeys.ts';

export interface PasskeySignIn {
  /** This browser can sign in with a passkey here. */
  readonly isPossible: Ref<boolean>;
  /** By the button: the browser asks which one. */
  ask(): Promise<void>;
}

export interface PasskeySignInParts {
  /** Where passkeys work; null: nowhere. */
  readonly origin: () => Promise<string | null>;
  readonly act: Act['act'];
  /** Somebody is in. */
  readonly entered: () => Promise<unknown>;
}

/** A question that waits is asked anew before its time is over. */
const renewBeforeMs = 30_000;

/** Signing in with a passkey: the browser offers those it has where the name is typed, for as long as the page is there, or asks when told to. */
export const usePasskeySignIn = ({ origin, act, entered }: PasskeySignInParts): PasskeySignIn => {
  const isPossible = ref(false);
  let waiting: AbortController | undefined;
  let isGone = false;
  /** One that is refused is not offered again: the button is there for another. */
  const send = async (answer: PasskeyAnswerView): Promise<void> => {
    if (await act(() => api.signInByPasskey(answer))) await entered();
  };

  /** Answers whether the question has become too old, and is to be asked anew. */
  const offerOnce = async (): Promise<boolean> => {
    const question = await api.askPasskeySignIn();
    const controller = new AbortController();
    waiting = controller;
    let isOld = false;
    const renew = setTimeout(() => {
      isOld = true;
      controller.abort();
    }, question.timeoutMs - renewBeforeMs);
    const answer = await askPasskey(question, { isOffered: true, signal: controller.signal });
    clearTimeout(renew);
    if (answer) await send(answer);
    return answer === undefined && isOld;
  };
  const offer = async (): Promise<void> => {
    if (isGone || !isPossible.value || !(await offersPasskeys())) return;
    try {
      let goesOn = true;
      while (goesOn && !isGone) goesOn = await offerOnce();
    } catch (error) {
      // The page works without this offer: there is the button, which tells what is wrong.
      if (!(error instanceof ApiError)) throw error;
    }
  };
  const ask = async (): Promise<void> => {
    waiting?.abort();
    let answer: PasskeyAnswerView | undefined;
    const isAsked = await act(async () => {
      answer = await askPasskey(await api.askPasskeySignIn());
    });
    if (answer) await send(answer);
    else if (isAsked) void offer();
  };
  onMounted(async () => {
    isPossible.value = takesPasskeys(await origin());
    await offer();
  });
  onBeforeUnmount(() => {
    isGone = true;
    waiting?.abort();
  });
  return { isPossible, ask };
};
