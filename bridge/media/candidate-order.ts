/**
 * FreeSWITCH sends to the first candidate of an offer that its lists allow. Once that one has answered, it drops RTP from
 * all others for twenty seconds, even from the one that the browser has nominated in the meantime. So a machine with more
 * networks than one would not be heard, unless the candidate it is going to nominate comes first.
 */

const CANDIDATE = /^a=candidate:\S+ \d+ \S+ (\d+) /;
/** Of Chromium: what its networks cost, and what it looks at before the priority. */
const NETWORK_COST = / network-cost (\d+)/;

/**
 * @param offer SDP
 * @returns the same, with the candidates (RFC 8839 section 5.1) of each stream from the cheapest network and highest
 *   priority down. Their order means nothing to others.
 */
export function likelyCandidatesFirst(offer: string): string {
  return offer
    .split(/^(?=m=)/m)
    .map((section) => {
      const lines = section.split('\n');
      const sorted = lines.filter(isCandidate).sort(byLikelihood);
      return lines.map((line) => (isCandidate(line) ? sorted.shift()! : line)).join('\n');
    })
    .join('');
}

const isCandidate = (line: string) => CANDIDATE.test(line);
const costOf = (line: string) => Number(NETWORK_COST.exec(line)?.[1] ?? 0);
const priorityOf = (line: string) => Number(CANDIDATE.exec(line)?.[1]);

function byLikelihood(one: string, other: string): number {
  return costOf(one) - costOf(other) || priorityOf(other) - priorityOf(one);
}
