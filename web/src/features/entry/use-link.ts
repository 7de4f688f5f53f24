import { type ShallowRef, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import { useLinkCode } from './use-link-code.ts';

export interface LinkRead {
  readonly code: { readonly value: string };
  /** Whose address it is for; null: it does not work any more; undefined: not known yet. */
  readonly email: Readonly<ShallowRef<string | null | undefined>>;
  readonly problem: Readonly<ShallowRef<ApiError | undefined>>;
  load(): Promise<void>;
}

/** Reads whose address the link of the page is for, without using it. */
export const useLink = (purpose: 'sign_up' | 'reset_password' | 'change_email'): LinkRead => {
  const code = useLinkCode();
  const email = shallowRef<string | null | undefined>();
  const problem = shallowRef<ApiError | undefined>();
  const load = async (): Promise<void> => {
    if (code.value === '') return;
    try {
      ({ email: email.value } = await api.link({ code: code.value, purpose }));
      problem.value = undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.problem?.code === 'link_used') email.value = null;
      else problem.value = error;
    }
  };
  watch(code, () => void load(), { immediate: true });
  return { code, email, problem, load };
};
