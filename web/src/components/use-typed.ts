import { onScopeDispose, type Ref, ref, watch, type WritableComputedRef } from 'vue';

const typingMs = 200;

/** What is typed into a search: seen at once, and asked for when the fingers rest. */
export const useTyped = (asked: WritableComputedRef<string>): Ref<string> => {
  const typed = ref(asked.value);
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(typed, (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      asked.value = text.trim();
    }, typingMs);
  });
  watch(asked, (text) => {
    // What was asked before the last letter was typed has no say any more.
    if (timer === undefined && text !== typed.value.trim()) typed.value = text;
  });
  // Else the words of one page would be asked of the next.
  onScopeDispose(() => clearTimeout(timer));
  return typed;
};
