/**
 * How iptables picks one of n endpoints: a cascade of `-m statistic --mode random` rules, tried in order.
 *
 * Rule k of n (k = 0..n-2) matches with probability 1 / (n - k), the last rule always; so every endpoint gets 1/n. kube-proxy
 * prints the probability with 10 decimals, iptables rounds it to 31-bit fixed point, and the kernel compares it with
 * 31 fresh random bits a rule.
 *
 * Sources: kubernetes v1.36.2 pkg/proxy/iptables/proxier.go ("%0.10f"); iptables libxt_statistic.c (lround of p * 2^31);
 * Linux net/netfilter/xt_statistic.c (32 random bits less the top one).
 */

/** 2^31: the kernel's "always". */
const ONE = 0x80000000

/**
 * Fixed-point probability of rule `index` of `count`, 0..2^31: it matches when 31 random bits are below this.
 *
 * The last rule has no statistic match and is 2^31 here. (Go prints decimals rounded half to even; half up gives the same threshold
 * for every number of endpoints below 6,400,000.)
 */
export function ruleThreshold(count: number, index: number): number {
  const decimal = Math.round(1e10 / (count - index))
  return Math.round((decimal / 1e10) * ONE)
}

/** Walks the cascade rule by rule; `draw31` gives 31 random bits, 0..2^31-1, and is called once a statistic rule. Returns the endpoint's index. */
export function walk(count: number, draw31: () => number): number {
  let index = 0
  while (index < count - 1 && draw31() >= ruleThreshold(count, index)) index += 1
  return index
}

/**
 * The endpoint's index in one step, from one `uniform` draw in [0, 1).
 *
 * Its distribution is 1/n; the walk's fixed-point shares differ from that by less than 1e-9.
 */
export function pick(count: number, uniform: number): number {
  return Math.min(Math.floor(uniform * count), count - 1)
}

/** Rules examined in the cascade when endpoint `index` was picked: the rules before it and its own, 1..count. */
export function rulesEvaluated(index: number): number {
  return index + 1
}

/** Of these, the rules that drew a random number; the last rule of a cascade does not. 0..count-1. */
export function statisticRules(count: number, index: number): number {
  return Math.min(index + 1, count - 1)
}
