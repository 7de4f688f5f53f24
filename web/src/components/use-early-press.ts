import { type Ref, ref } from 'vue';

export interface EarlyPress {
  /** Whether the menu is open: its v-model. */
  readonly isOpen: Ref<boolean>;
  /** For clicks on the button that the menu stands in; `menu`: null until it has come. */
  press(menu: unknown): void;
}

/** For a button whose menu is fetched after the page: a press before it is there opens it when it comes. Later ones are the menu's own. */
export const useEarlyPress = (): EarlyPress => {
  const isOpen = ref(false);
  return {
    isOpen,
    press: (menu) => {
      if (menu === null) isOpen.value = !isOpen.value;
    },
  };
};
