/**
 * Something the person at the keyboard can put right: a wrong option, a file that can't be read, a
 * tool that isn't installed, a cluster that doesn't answer. Its message is all that is shown,
 * without a stack trace. It says what is wrong, where, and what to do instead.
 */
export class Mistake extends Error {}
