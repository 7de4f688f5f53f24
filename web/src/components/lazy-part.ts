import { type AsyncComponentLoader, type Component, defineAsyncComponent } from 'vue';
import { whenServerAnswers } from '../api/server-answers.ts';
import MissingPage from './MissingPage.vue';
import { fetchMissingStyles } from './missing-styles.ts';

/** A server that answers and does not have a part has another build: asking on would not help. */
const refusalsMax = 3;

const withStyles =
  <T>(load: AsyncComponentLoader<T>): AsyncComponentLoader<T> =>
  () =>
    fetchMissingStyles().then(load);

/** What is at hand beside a page (a menu, a bell), fetched when it is wanted. One that did not come is fetched when the server is there again; the page goes on without it. */
export const lazyPart = <T extends Component>(load: AsyncComponentLoader<T>): T => {
  let refusals = 0;
  return defineAsyncComponent({
    loader: withStyles(load),
    onError: (error, retry, fail) => {
      console.warn('a part of the page could not be fetched', error);
      void whenServerAnswers().then(() => (++refusals > refusalsMax ? fail() : retry()));
    },
  });
};

/** What a page is for (its tab, its map), fetched when it is wanted. Where it did not come stands that it did not, and the page is opened anew when the server is there again. */
export const lazyContent = <T extends Component>(load: AsyncComponentLoader<T>): T =>
  defineAsyncComponent({ loader: withStyles(load), errorComponent: MissingPage });
