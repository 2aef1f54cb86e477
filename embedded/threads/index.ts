/** What all worker threads of ours have in common: requests and answers, errors on their way, and the end. */
export { answers, type Handlers } from './answers.ts';
export { fromPlainError, toPlainError, type PlainError } from './plain-error.ts';
export { ThreadLine, type Answered, type Asked, type Reply, type Request, type ThreadListener } from './thread-line.ts';
