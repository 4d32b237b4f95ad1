/** Number of k-subsets of n things, C(n, k) with k >= 0, as a float (exact below 2^53); 0 when k > n. */
export const choose = (n: number, k: number): number => {
  if (k > n) return 0
  let result = 1
  for (let j = 0; j < Math.min(k, n - k); j++) result = (result * (n - j)) / (j + 1)
  return Math.round(result)
}

/**
 * Share of the k-subsets of N things that avoid all but `a` of them: C(a, k) / C(N, k).
 *
 * The product form stays in [0, 1] where the binomials themselves would overflow; it is 0 from its factor a - a on.
 */
export const subsetShare = (a: number, N: number, k: number): number => {
  let share = 1
  for (let j = 0; j < k; j++) share *= (a - j) / (N - j)
  return share
}
