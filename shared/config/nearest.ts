/** Edits between two words; two swapped neighbours count as one edit, as fingers see it. */
const distance = (left: string, right: string): number => {
  let beforePrevious: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      const steps = [
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
      ];
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped && row > 1 && column > 1) steps.push((beforePrevious[column - 2] ?? 0) + 1);
      current[column] = Math.min(...steps);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
};

// Longer keys come from hostile files, not from typing errors.
const MAX_LENGTH = 64;

/** The candidate a person most likely meant by `word`, if one is near enough to be worth a guess. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
  if (word.length > MAX_LENGTH) return undefined;
  const scored = candidates
    .map((candidate) => ({ candidate, score: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((left, right) => left.score - right.score);
  const best = scored[0];
  if (best === undefined) return undefined;
  return best.score <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
};
