import type { Router } from 'vue-router';

const underWay = new WeakMap<Router, Set<Promise<unknown>>>();

/** A further navigation would end one that is under way: who only notes a view in the address waits for it. */
export const followNavigations = (router: Router): void => {
  const running = new Set<Promise<unknown>>();
  underWay.set(router, running);
  const follow =
    (go: Router['push']): Router['push'] =>
    (to) => {
      const navigation = go(to);
      running.add(navigation);
      const ended = (): void => void running.delete(navigation);
      navigation.then(ended, ended);
      return navigation;
    };
  router.push = follow(router.push.bind(router));
  router.replace = follow(router.replace.bind(router));
};

/** One that is under way; undefined: none is. */
export const navigationOf = (router: Router): Promise<unknown> | undefined => underWay.get(router)?.values().next().value;
