/**
 * What the host's environment has besides what it inherits: two threads for native work, where Node has
 * four. One loads a model while the other computes, and no more happens at once. Every native call of a
 * generation takes the next free thread; going round among four of them cost a tenth of the tokens a
 * second where the model has as many threads as there are cores.
 */
export const hostEnvironment: Readonly<Record<string, string>> = { UV_THREADPOOL_SIZE: '2' };
