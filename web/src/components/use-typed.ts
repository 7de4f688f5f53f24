import { type Ref, ref, watch, type WritableComputedRef } from 'vue';

const typingMs = 200;

/** What is typed into a search: seen at once, and asked for when the fingers rest. */
export const useTyped = (asked: WritableComputedRef<string>): Ref<string> => {
  const typed = ref(asked.value);
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(typed, (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      asked.value = text.trim();
    }, typingMs);
  });
  watch(asked, (text) => {
    if (text !== typed.value.trim()) typed.value = text;
  });
  return typed;
};
