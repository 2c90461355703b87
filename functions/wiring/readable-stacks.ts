/**
 * A handler whose errors show where in the sources they came from. Node's own --enable-source-maps reads every map at
 * each start, which is a fifth of it; here they are read when something was thrown.
 */
export const withReadableStacks =
  <A extends readonly unknown[], R>(handler: (...args: A) => Promise<R>): ((...args: A) => Promise<R>) =>
  async (...args) => {
    try {
      return await handler(...args);
    } catch (error) {
      if (error instanceof Error && error.stack !== undefined) {
        const { mapStack } = await import("./map-stack.ts");
        error.stack = await mapStack(error.stack);
      }
      throw error;
    }
  };
