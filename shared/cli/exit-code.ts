/** 0: yes, done, verified. 1: no, not verified, findings. 2: could not decide, or the command was used wrongly. */
export type ExitCode = 0 | 1 | 2;
